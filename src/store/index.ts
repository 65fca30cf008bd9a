/**
 * `offstep/store`: runs that can be read, from their directories alone: find, filter, sort, compare, and read their
 * series, rows and media, also while they live. All of it blocks for file calls: not for the training thread.
 */
export type { StoredArtifact, StoredVersion } from '../artifact/read.js'
export type { CheckpointEntry } from '../checkpoint/manifest.js'
export type { Checkpoints } from '../checkpoint/read/checkpoints.js'
export type { HistogramValue, MediaFile, MediaKind, MediaValues } from '../record/media.js'
export type { RunStatus } from '../sinks/sink.js'
export type { Goal } from '../sinks/summary/goal.js'
export { FilterError } from './filter/ast.js'
export type { Predicate } from './filter/evaluate.js'
export { type RunFile, RunFileError, type RunResume } from './run-file.js'
export {
  type ComparedMetric,
  type ComparedParameter,
  compareRuns,
  type RunComparison,
} from './runs/compare.js'
export { type BestRun, bestRun, goalFor, latestStep, loadMetrics, summarize } from './runs/helpers.js'
export type { MediaQuery } from './runs/read-rows.js'
export { openStore, type RunStore, type RunsQuery, type UnreadableRun } from './runs/run-store.js'
export type { RunState } from './runs/status.js'
export type { SeriesQuery, StoredRun } from './runs/stored-run.js'
export {
  type MetricRow,
  type ProducerMetrics,
  type RunSummary,
  type StoredMedia,
  StoreError,
  type SummaryMetric,
  type SummaryPoint,
} from './runs/types.js'
export type { Axis } from './series/down-sample.js'
export type { SeriesPoint } from './series/pyramid.js'
export type { Series, SeriesRange } from './series/read-series.js'
