import type { JsonObject } from '../record/json.js'
import type { UpdateRecord } from '../record/media.js'
import type { RunStatus } from '../sinks/sink.js'
import type { RunFile } from '../store/run-file.js'

export type ImportKind = 'tensorboard' | 'wandb' | 'csv'

/** One row of what is imported. */
export interface ImportedRow {
  readonly step: number
  /** Milliseconds since the epoch, whole. */
  readonly time: number
  readonly values: ReadonlyMap<string, number>
}

/** What happened in the run beside its rows, at a moment: printed lines, a sample of the machine. */
export interface ImportedUpdate {
  readonly step: number
  /** Milliseconds since the epoch, whole. */
  readonly time: number
  readonly update: UpdateRecord
}

/** What a source tells of its run beside the rows; complete when its records have been read. */
export interface ImportedFacts {
  readonly name: string
  readonly project: string | null
  readonly status: RunStatus
  readonly exitCode?: number
  /** Milliseconds since the epoch; null: the first row's. */
  readonly startTime: number | null
  readonly config: JsonObject
  /** Values of the summary that no row has. */
  readonly summary: JsonObject
  readonly tags: readonly string[]
  readonly notes: string
  readonly group: string | null
  readonly jobType: string | null
  /** What was left out, and how often: damage, and values that are no numbers. */
  readonly leftOut: { readonly [what: string]: number }
}

/** One run that can be imported. */
export interface RunSource {
  readonly kind: ImportKind
  /** Absolute, of a file or a directory. */
  readonly path: string
  /** The files that it consists of, in the order in which they are read. */
  readonly files: readonly string[]
  open(): SourceReader
}

export interface SourceReader {
  /** In order, once. Blocks for file calls; throws the file system's errors, and ImportError. */
  records(): Generator<ImportedRow | ImportedUpdate>
  facts(): ImportedFacts
}

/** Where an imported run comes from: the field `imported` of its run.json. */
export interface ImportNote {
  readonly from: ImportKind
  readonly path: string
  /** Of the names and the content of its files: the same is not imported twice. */
  readonly sha256: string
  /** ISO 8601. */
  readonly time: string
  readonly leftOut: { readonly [what: string]: number }
}

export interface ImportedRunFile extends RunFile {
  readonly imported: ImportNote
}

/** Nothing of this can be imported. The message says why, and what to do. */
export class ImportError extends Error {
  readonly code = 'OFFSTEP_IMPORT'
  readonly retryable = false

  constructor(message: string) {
    super(message)
    this.name = 'ImportError'
  }
}

/** A run of which nothing is known but its rows. */
export const plainFacts = (name: string, leftOut: ImportedFacts['leftOut']): ImportedFacts => ({
  name,
  project: null,
  status: 'completed',
  startTime: null,
  config: {},
  summary: {},
  tags: [],
  notes: '',
  group: null,
  jobType: null,
  leftOut,
})

/** Counts what is left out, by what it is. */
export class LeftOut {
  readonly counts: Record<string, number> = {}

  add(what: string, count = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + count
  }
}
