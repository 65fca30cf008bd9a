export { type Guard, guard } from '../guard/index.js'
export type { GuardAction, GuardCounts, GuardEvent, GuardOptions } from '../guard/types.js'
export type { TrackerCallbackOptions } from './callback-options.js'
export {
  type BuildOptions,
  buildModel,
  type NamedVariables,
  type RestorableCheckpoint,
  type RestoreOptions,
  type RestoreTargets,
  restore,
} from './checkpoint/index.js'
export { TfError } from './find-tf.js'
export {
  type SummaryFileWriter,
  summaryFileWriter,
  type TensorBoardCallback,
  type TensorBoardCallbackArgs,
  tensorBoard,
  type WriterStatus,
} from './tensorboard/index.js'
export { type TrackerCallback, trackerCallback } from './tracker-callback.js'
export type { WatchOptions, WatchTarget } from './watch/options.js'
export { type Watcher, watch } from './watch/watch.js'
export {
  type MemoryWatcher,
  type TfMemory,
  type WatchMemoryOptions,
  watchMemory,
} from './watch-memory.js'
