import type { LogLevel } from '../../record/log-line.js'
import type { AlertLevel, MetricSummary } from '../../record/updates.js'

/** How a metric is to be shown, and what the summary keeps of it. */
export interface MetricOptions {
  /** The metric that is its x-axis: `epoch`, say. */
  readonly stepMetric?: string
  /** Rows without the step metric get its last value. Default: true where there is a step metric. */
  readonly stepSync?: boolean
  /** Keep it out of the charts that are made by themselves. Default false. */
  readonly hidden?: boolean
  readonly summary?: MetricSummary | readonly MetricSummary[]
  /** Which way it gets better; for the summary `best`. */
  readonly goal?: 'minimize' | 'maximize'
}

export interface AlertOptions {
  readonly title: string
  /** Markdown. */
  readonly text?: string
  /** Default `info`. */
  readonly level?: AlertLevel
  /** An alert with the same title is not sent again so soon, in ms. Default 60,000. */
  readonly waitMs?: number
}

/** A line of a log. */
export interface LogLine {
  readonly text: string
  /** Default `info`. */
  readonly level?: LogLevel
  /** Milliseconds since the epoch. Default: now. */
  readonly time?: number
}

export interface SaveFileOptions {
  /** Path of the file at the destinations, with `/`. Default: its name. */
  readonly as?: string
}

/** A file that an artifact names, and does not copy. */
export interface ArtifactReference {
  /**
   * Where it is: `s3://bucket/key`, `https://...`, or `file:///...` for a file, or a directory, of this machine. It is
   * written down as it is: no passwords and no signatures.
   */
  readonly reference: string | URL
  /** Read and hash local files, on another thread. Default true. Files elsewhere are never asked for. */
  readonly checksum?: boolean
  /** Size, of a file that is not of this machine. */
  readonly bytes?: number
  /** What tells this content from another, of a file that is not of this machine: its ETag, say. Default: the URI. */
  readonly digest?: string
}

/** A file or a directory, by its path; the bytes of one file; or where a file is that is not to be copied. */
export type ArtifactSource = string | URL | Uint8Array | ArtifactReference

/** Several sources, by their path in the artifact. An object with `reference` is no such list, but a reference. */
export interface ArtifactSources {
  readonly [path: string]: ArtifactSource
}

export interface ArtifactOptions {
  /** Versions of one name belong together. Letters, digits, `-`, `_` and `.`; at most 128. */
  readonly name: string
  /** `model`, `dataset`, ... Default `file`. */
  readonly type?: string
  readonly description?: string
  readonly metadata?: { readonly [name: string]: unknown }
  /** Further names of this version; `latest` is always one. */
  readonly aliases?: readonly string[]
}

/**
 * What can be said of the run itself while it lives. Each call is a record, as a row is: journaled, in order,
 * delivered to the sinks that know it. Copied at the call; checked and worked up on another thread. Never throws.
 */
export interface RunUpdates {
  /** Adds hyper-parameters to the config, or replaces them: in run.json and at the sinks. */
  updateConfig(values: { readonly [name: string]: unknown }): void
  /** Sets values of the run's summary; one that is undefined is taken out. They stand until the next row of the name. */
  updateSummary(values: { readonly [name: string]: unknown }): void
  /** `name`: of a metric, or the beginning of several with `*` at its end. */
  defineMetric(name: string, options?: MetricOptions): void
  /** Tells people, where a sink can (W&B: by mail or Slack). */
  alert(options: AlertOptions): void
  /**
   * Adds lines to what the run has printed: they come where captured output does (the sink `log`, W&B's output.log), and
   * are not printed. One call is one record: give many lines at once. A line that is none is left out, counted in
   * `status().values.refused`, and warned of once; where no line is left, the call is. For `pino`: see `offstep/pino`.
   */
  logLines(lines: readonly LogLine[]): void
  /**
   * Keeps a file with the run, as it is when the call is worked up, moments later. Paths are taken from the working
   * directory.
   */
  saveFile(file: string | URL | Uint8Array, options?: SaveFileOptions): void
  /**
   * Keeps a file, a directory or bytes as a version of an artifact. Content is read moments after the call
   * (`flush()` waits for it), hashed, and kept in the run directory once, whatever its name. A call that says what the
   * newest version is already makes no version, and moves aliases.
   */
  artifact(source: ArtifactSource | ArtifactSources, options: ArtifactOptions): void
}
