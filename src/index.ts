export { mediaBytes, mediaValue } from './media/value.js'
export { OptionsError } from './options/errors.js'
export { readOptions } from './options/file.js'
export type { Goal, RunMode, RunOptions, SinkOption, WhenFull } from './options/options.js'
export type { BatchColumns, RecordBatch } from './record/batch.js'
export type { MediaFile, MediaKind, MediaRecord, MediaRecordOf, MediaValues } from './record/media.js'
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
export type { DurabilityLevel, FinishOptions, FlushOptions, FlushResult, Run } from './run/run.js'
export type { RunStatusReport, SinkStatus } from './run/status.js'
export type {
  AlertOptions,
  ArtifactOptions,
  ArtifactSource,
  ArtifactSources,
  MetricOptions,
  RunUpdates,
  SaveFileOptions,
} from './run/updates/types.js'
export type { MetricLogger, MetricValue, MetricValues, ScalarHandle, TensorScalar } from './run/values.js'
export { SinkError, type SinkErrorAction } from './sinks/errors.js'
export type { RejectedRow, RunOutcome, Sink, SinkContext, SinkState, WriteResult } from './sinks/sink.js'
