/**
 * `offstep/checkpoints`: checkpoints on the disk, written whole or not at all, and read back verified. Formats:
 * docs/checkpoints.md. All of it blocks for file calls: not for the training thread.
 */
export { CheckpointError } from './errors.js'
export type { CheckpointEntry } from './manifest.js'
export type { BestRule } from './ranking.js'
export {
  type CheckpointPlace,
  type Checkpoints,
  type OpenCheckpointsOptions,
  openCheckpoints,
} from './read/checkpoints.js'
export type { LoadedCheckpoint } from './read/load.js'
export type { Dtype, NamedTensor, TensorFile } from './request.js'
export { type DecodedFile, decodeSafetensors } from './safetensors/decode.js'
export { type EncodedFile, encodeSafetensors } from './safetensors/encode.js'
export type {
  CheckpointCompression,
  CheckpointFile,
  CheckpointInfo,
  CheckpointRetention,
} from './types.js'
export { type SavedCheckpoint, type SaveOptions, writeCheckpoint } from './write/write-checkpoint.js'
