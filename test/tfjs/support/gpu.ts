import { webGpuEnvironment } from '../../../dist/bench/webgpu.js'
import { temporaryDirectory } from '../../support/directory.js'

export { HAS_NVIDIA, HAS_WEBGPU } from '../../../dist/bench/webgpu.js'

/** The environment in which a process finds a GPU, or SwiftShader, until the test is over. */
export const gpuEnvironment = (): Record<string, string> => webGpuEnvironment(temporaryDirectory())
