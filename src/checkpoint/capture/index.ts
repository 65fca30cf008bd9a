export { CheckpointError } from '../errors.js'
export { capture } from './capture.js'
export { CheckpointMemory } from './memory.js'
export type {
  Capturable,
  Captured,
  CheckpointParts,
  ModelLike,
  NamedTensors,
  NumericArray,
  OptimizerLike,
  PathLike,
  ShapedArray,
  TensorLike,
} from './types.js'
