import type { MediaFile, MediaKind, MediaValues } from '../../record/media.js'

export interface SummaryPoint {
  /** May be NaN or infinite. */
  readonly value: number
  readonly step: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

/** What a metric came to. */
export interface SummaryMetric {
  readonly first: SummaryPoint
  readonly last: SummaryPoint
  /** Null where every value was NaN. */
  readonly min: SummaryPoint | null
  readonly max: SummaryPoint | null
  /** Of the finite values; null where there are none. */
  readonly mean: number | null
  readonly count: number
  readonly nonFinite: number
  /** Where it is known which way the metric gets better. */
  readonly best?: SummaryPoint & { readonly goal: 'minimize' | 'maximize' }
}

export interface RunSummary {
  readonly rows: number
  /** Null where there are no rows. */
  readonly steps: { readonly first: number; readonly last: number; readonly max: number } | null
  readonly durationSeconds: number
  /** Set by `run.updateSummary()`. */
  readonly values: { readonly [name: string]: unknown }
  readonly metrics: { readonly [name: string]: SummaryMetric }
  /** Values of further metrics, beyond those that summary.json may have. */
  readonly omittedValues: number
}

/** The metrics that one thread has logged. */
export interface ProducerMetrics {
  /** 0 is the thread that called `init()`. */
  readonly producer: number
  /** `main` for producer 0. */
  readonly name: string
  /** In the order in which they came. */
  readonly metrics: readonly string[]
}

/** One log call. */
export interface MetricRow {
  readonly step: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly producer: number
  /** A bigint as the nearest number. */
  readonly values: { readonly [metric: string]: number }
}

/** One media call (an image, a histogram, ...), or an update of the run itself. */
export interface StoredMedia<Kind extends MediaKind = MediaKind> {
  readonly kind: Kind
  readonly name: string
  readonly step: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly producer: number
  /** Where the picture, the sound, or a long value is, in the run directory. */
  readonly file: MediaFile | null
  /** Reads a long value from its file. Blocks. Throws the file system's errors. */
  value(): MediaValues[Kind]
}

/** Nothing, or more than one thing, is what was asked for. The message says what to type instead. */
export class StoreError extends Error {
  readonly code = 'OFFSTEP_STORE'
  readonly retryable = false

  constructor(message: string) {
    super(message)
    this.name = 'StoreError'
  }
}
