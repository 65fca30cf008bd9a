import type { RunFile } from '../store/run-file.js'

/**
 * - `pending`: sound, and not complete: `offstep sync` brings the rest
 * - `damaged`, `missing`: not what it should be
 * - `unchecked`: cannot be checked from here, or not now
 */
export type CheckResult = 'ok' | 'pending' | 'damaged' | 'missing' | 'unchecked'

/** What `verifyRun` found. Plain data that JSON can hold; counts are records (one log call) unless they say so. */
export interface VerifyReport {
  readonly dir: string
  /** Nothing is damaged or missing. Records that are still to be delivered are no damage. */
  readonly sound: boolean
  readonly run: RunCheck
  readonly journal: JournalCheck
  readonly sinks: readonly SinkCheck[]
  /** Null where the run has no media. */
  readonly media: MediaCheck | null
  /** Records that the journal has lost: nothing can bring them back, but see `SinkCheck.onlyHere`. */
  readonly lost: number
  /** Sinks whose content `repairRun` writes again from the journal. */
  readonly repairable: readonly string[]
}

/**
 * - `live`: a process writes or delivers the run
 * - `silent`: its owner is on another machine or in another container, and has given no sign for some time
 * - `unrecovered`: its process is gone and wrote no end
 */
export type RunState = 'live' | 'silent' | 'unrecovered' | 'ended' | 'unknown'

/** run.json, and who works on the run. */
export interface RunCheck {
  readonly result: 'ok' | 'damaged' | 'missing'
  readonly problem: string | null
  readonly state: RunState
  /** Who holds the run's lock, in words. */
  readonly owner: string | null
  readonly id: string | null
  readonly project: string | null
  readonly status: RunFile['status'] | null
  /** Every sink was told to have all records. */
  readonly delivered: boolean
}

export interface MissingRecords {
  /** Sequence numbers, both inclusive. */
  readonly from: number
  readonly to: number
  /** Where the first record after them stands. */
  readonly segment: number
  readonly offset: number
}

export interface ProducerCheck {
  readonly producer: number
  readonly name: string | null
  /** Records that can be read. */
  readonly records: number
  readonly missing: readonly MissingRecords[]
  /** Written twice after a failed fsync; readers take each once. */
  readonly repeated: number
  readonly dropped: { readonly [cause: string]: number }
}

export interface DamagedBlock {
  readonly segment: number
  readonly offset: number
  readonly bytes: number
  readonly kind: string
}

export interface JournalCheck {
  readonly result: 'ok' | 'damaged' | 'missing'
  readonly segments: readonly {
    readonly segment: number
    readonly bytes: number
    readonly headWhole: boolean
  }[]
  readonly bytes: number
  /** Records that can be read. */
  readonly records: number
  readonly producers: readonly ProducerCheck[]
  readonly damage: readonly DamagedBlock[]
  /** By the sequence numbers before and after them. */
  readonly missing: number
  /** After the last record that is left: run.json or a cursor counted more. */
  readonly missingAtEnd: number
  /** Metric names that no readable block defines: their values are kept under names that begin with `unknown/`. */
  readonly undefinedNames: number
  /** A record that a crash cut off at the end: harmless, it never counted as journaled. */
  readonly tornTailBytes: number
}

/** Files in `media/` and `artifacts/` that records name. Nothing but a copy can bring one back. */
export interface MediaCheck {
  readonly result: 'ok' | 'damaged' | 'missing'
  /** Media calls in the journal; most are small, and need no file. */
  readonly records: number
  readonly files: number
  /** Of the files that are as they were written. */
  readonly bytes: number
  /** Paths within the run directory. */
  readonly missing: readonly string[]
  readonly damaged: readonly string[]
}

export interface CursorCheck {
  readonly result: 'ok' | 'damaged' | 'missing'
  readonly problem: string | null
  readonly segment: number
  readonly offset: number
  /** Records that the sink has behind it: the next three make them up. */
  readonly records: number
  readonly delivered: number
  readonly deadLettered: number
  readonly notApplicable: number
  /** Of these records, those that the journal no longer holds. */
  readonly lostBehind: number
}

/** The first place where a file is not what the journal says. */
export interface Difference {
  readonly what: 'differs' | 'missing' | 'extra'
  readonly file: string
  /** Line or event, from 1. */
  readonly number: number
  readonly producer: number | null
  readonly sequence: number | null
  /** The metric or column, where one can be told. */
  readonly field: string | null
  readonly expected: string | null
  readonly found: string | null
}

export interface FileCheck {
  /** Within the run directory; a directory for event files. */
  readonly file: string
  readonly result: 'ok' | 'damaged' | 'missing' | 'unchecked'
  readonly problem: string | null
  readonly bytes: number
  /** Bytes beyond what the cursor knows: the next delivery cuts them. */
  readonly uncommittedBytes: number
  /** Rows, lines, events or values, as `unit` says: present and different, absent, too many. */
  readonly unit: 'row' | 'line' | 'event' | 'value' | 'metric'
  readonly differing: number
  readonly missing: number
  readonly extra: number
  /** Of these the file holds what the journal has lost. */
  readonly onlyHere: number
  readonly first: Difference | null
}

export interface SinkCheck {
  readonly sink: string
  readonly result: CheckResult
  /** Why, where it is not `ok`. */
  readonly problem: string | null
  readonly cursor: CursorCheck
  readonly files: readonly FileCheck[]
  /** Journaled and not yet delivered. */
  readonly pending: number
  /** What is wrong in its files, in their units. */
  readonly wrong: number
  /** The sink is sound and holds this much that the journal has lost. */
  readonly onlyHere: number
}
