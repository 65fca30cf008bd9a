export { type BuildOptions, buildModel } from './build-model.js'
export { restore } from './restore.js'
export type { NamedVariables, RestorableCheckpoint, RestoreOptions, RestoreTargets } from './types.js'
