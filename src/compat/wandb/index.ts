/**
 * In place of `@wandb/sdk`: `import wandb from 'offstep/wandb'`. The same calls, on a run whose rows are journaled
 * off the training thread, and delivered whatever happens.
 */
import { wandb } from './sdk.js'

export { AlertLevel } from './arguments.js'
export { Artifact, type ArtifactArgs } from './artifact.js'
export {
  Audio,
  type AudioArgs,
  Histogram,
  type HistogramArgs,
  Image,
  type ImageArgs,
  Table,
  type TableArgs,
} from './media.js'
export { Run } from './run.js'
export type { Sdk as SDK } from './sdk.js'
export type {
  AlertArgs,
  DefineMetricArgs,
  InitOptions,
  LiveValues,
  LogArtifactArgs,
  LoginArgs,
  OffstepOptions,
  SaveArgs,
  Settings,
} from './types.js'
export const {
  alert,
  define_metric,
  defineMetric,
  finish,
  init,
  log,
  log_artifact,
  logArtifact,
  login,
  save,
} = wandb
export { wandb }
export default wandb
