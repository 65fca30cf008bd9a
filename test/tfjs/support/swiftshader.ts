import { unpackSwiftShader } from '../../../dist/bench/webgpu.js'
import { temporaryDirectory } from '../../support/directory.js'

export { HAS_SWIFTSHADER } from '../../../dist/bench/webgpu.js'

/** The environment in which a process finds SwiftShader, until the test is over. */
export const swiftShader = (): Record<string, string> => unpackSwiftShader(temporaryDirectory())
