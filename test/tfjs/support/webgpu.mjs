/** Core and layers as one, and WebGPU as their backend. */
import * as core from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import { useWebGpu } from '../../../dist/bench/webgpu.js'

await useWebGpu()

export const tf = { ...core, ...layers }
