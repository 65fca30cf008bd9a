/**
 * Updates: what is said of the run itself while it lives. Each is a record as a media call is one (see media.ts):
 * journaled, in order, with its own step and time.
 */
import type { JsonObject } from './json.js'
import type { LogLevel } from './log-line.js'
import type { MediaFile } from './media.js'

/** Parameters that are added to the config, or replaced in it. The record's name is "config". */
export interface ConfigUpdate {
  readonly values: JsonObject
}

/** Values of the summary that the user sets; they stand until a later row has a value of that name. */
export interface SummaryUpdate {
  /** NaN and infinities are the strings "NaN", "Infinity" and "-Infinity", as JSON has none. */
  readonly values: JsonObject
  /** Names that are taken out. */
  readonly removed: readonly string[]
}

export const METRIC_SUMMARIES = ['min', 'max', 'mean', 'best', 'last', 'first', 'copy', 'none'] as const
/** What the summary keeps of a metric. `copy`: the last value, as without a definition. */
export type MetricSummary = (typeof METRIC_SUMMARIES)[number]

/** How a metric is to be shown. The record's name is the metric's, or ends with `*` for all that begin so. */
export interface MetricDefinition {
  /** The metric that is its x-axis. */
  readonly stepMetric?: string
  /** Rows without the step metric get its last value. Default: true where there is a step metric. */
  readonly stepSync?: boolean
  /** Not among the charts that are made by themselves. */
  readonly hidden?: boolean
  readonly summary?: readonly MetricSummary[]
  /** Which way it gets better; for the summary `best`. */
  readonly goal?: 'minimize' | 'maximize'
}

export const ALERT_LEVELS = ['info', 'warn', 'error'] as const
export type AlertLevel = (typeof ALERT_LEVELS)[number]

export interface Alert {
  readonly title: string
  readonly text: string
  readonly level: AlertLevel
  /** An alert with the same title is not sent again so soon, in ms. */
  readonly waitMs: number
  /**
   * The rule of the option `alerts` that made it. `id`: of the alert, where the targets had it before there was this
   * record; null where they get it from here.
   */
  readonly rule?: { readonly index: number; readonly id: string | null }
}

/** Lines that the process has printed. The record's name is "console". */
export interface ConsoleOutput {
  readonly stream: 'stdout' | 'stderr'
  readonly lines: readonly {
    /** Milliseconds since the epoch. */
    readonly time: number
    /** Without its line break; of a line that was printed over (`\r`), what stood there last. */
    readonly text: string
    /** Of a line that a logger has written; its text is then the logger's own, as JSON. */
    readonly level?: LogLevel
  }[]
}

/**
 * What the machine did at a moment. Names as W&B has them, without `system.`: `cpu` (percent), `memory_percent`,
 * `proc.memory.rssMB`, `gpu.0.gpu` (percent); all are in docs/system-metrics.md. The record's name is "system".
 */
export interface SystemSample {
  readonly values: { readonly [name: string]: number }
}

/** A file that the user keeps with the run; its bytes are the record's `file`. The record's name is its path there. */
export interface SavedFile {
  /** Path of the file when it was saved. */
  readonly source: string
}

/** A file of an artifact, which the run directory has. */
export interface KeptEntry {
  /** Path within the artifact, with `/`. */
  readonly path: string
  /** The bytes, in the run directory: `artifacts/files/<sha256>`. Same content is there once. */
  readonly file: MediaFile
  /** MD5 of the content, in base64: what W&B compares. */
  readonly md5: string
  readonly reference?: never
}

/** A file of an artifact that stays where it is. */
export interface ReferenceEntry {
  /** Path within the artifact, with `/`. */
  readonly path: string
  /** Where it is: `file:///data/x.bin`, `s3://bucket/key`, `https://...`. */
  readonly reference: string
  /** Null where nobody has looked. */
  readonly bytes: number | null
  /** Of the content when it was logged, in hex. Null where it was not read. */
  readonly sha256: string | null
  /** What W&B compares: MD5 of the content, in base64; without it, what the user gave, or something made of the URI. */
  readonly digest: string
  readonly file?: never
}

export type ArtifactEntry = KeptEntry | ReferenceEntry

/** Files that belong together, under a name with versions. The record's name is the artifact's. */
export interface ArtifactValue {
  /** `model`, `dataset`, ... */
  readonly type: string
  readonly description?: string
  readonly metadata: JsonObject
  readonly aliases: readonly string[]
  /** Sorted by path. */
  readonly entries: readonly ArtifactEntry[]
}

/** A process has gone on with the run. The record's name is "resume". */
export interface Resumed {
  /** Rows with a later step, or all (`start`), were superseded. Null where none were. */
  readonly rewoundTo: number | 'start' | null
  /** How often the run has been resumed, this time included. */
  readonly attempt: number
}

/** A checkpoint is complete, in `checkpoints/step_<n>` of the run directory. The record's name is "checkpoint". */
export interface SavedCheckpoint {
  readonly step: number
  readonly epoch: number | null
  /** Within the run directory. */
  readonly path: string
  readonly bytes: number
  readonly metrics: { readonly [name: string]: number }
  readonly isBest: boolean
}

export interface UpdateValues {
  readonly config: ConfigUpdate
  readonly summary: SummaryUpdate
  readonly metric: MetricDefinition
  readonly alert: Alert
  readonly console: ConsoleOutput
  readonly system: SystemSample
  readonly file: SavedFile
  readonly artifact: ArtifactValue
  readonly resume: Resumed
  readonly checkpoint: SavedCheckpoint
}

export type UpdateKind = keyof UpdateValues

const KINDS: { readonly [Kind in UpdateKind]: true } = {
  config: true,
  summary: true,
  metric: true,
  alert: true,
  console: true,
  system: true,
  file: true,
  artifact: true,
  resume: true,
  checkpoint: true,
}

/** False for media. */
export const isUpdate = (kind: string): kind is UpdateKind => Object.hasOwn(KINDS, kind)
