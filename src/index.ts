export type { AlertRule, AlertTarget, FiredAlert, OnAlert } from './alerts/types.js'
export { mediaBytes, mediaValue } from './media/value.js'
export type { SystemSnapshot } from './monitor/system/shared-memory.js'
export { OptionsError } from './options/errors.js'
export { type ReadOptions, readOptions, type SavedConfig, saveConfig } from './options/files.js'
export type {
  CheckpointOptions,
  Goal,
  PresetName,
  RunMode,
  RunOptions,
  SinkOption,
  WhenFull,
} from './options/options.js'
export type { SystemMonitorOptions } from './options/system-monitor.js'
export type { BatchColumns, RecordBatch } from './record/batch.js'
export type { LogLevel } from './record/log-line.js'
export type { MediaFile, MediaKind, MediaRecord, MediaRecordOf, MediaValues } from './record/media.js'
export { ResumeError, type ResumeFrom, type ResumeOptions, resume } from './resume/index.js'
export type {
  LoadInto,
  RunCheckpoints,
  SaveOptions,
  SaveResult,
  WhichCheckpoint,
} from './run/checkpoints/types.js'
export { ConnectError, connect, type ProducerHandle } from './run/connect.js'
export { init, withRun } from './run/init.js'
export type {
  CustomScalarsLayout,
  HistogramOptions,
  MediaLogger,
  MediaOptions,
  Mesh,
  ModelLike,
  Numbers,
  NumericArray,
  PrCurveInput,
  PrecomputedHistogram,
  PrecomputedPrCurve,
  RawAudio,
  RawImage,
  Table,
  TensorLike,
  TransferOption,
} from './run/media/types.js'
export type { ResumedFrom } from './run/resumed.js'
export type { DurabilityLevel, FinishOptions, FlushOptions, FlushResult, Run } from './run/run.js'
export type { RunStatusReport, SinkStatus } from './run/status.js'
export type {
  AlertOptions,
  ArtifactOptions,
  ArtifactReference,
  ArtifactSource,
  ArtifactSources,
  LogLine,
  MetricOptions,
  RunUpdates,
  SaveFileOptions,
} from './run/updates/types.js'
export type { MetricLogger, MetricValue, MetricValues, ScalarHandle, TensorScalar } from './run/values.js'
export { type DefinedSink, defineSink } from './sinks/define-sink.js'
export { SinkError, type SinkErrorAction } from './sinks/errors.js'
export type { RejectedRow, RunOutcome, Sink, SinkContext, SinkState, WriteResult } from './sinks/sink.js'
