import type { SinkOption } from '../options/options.js'
import type { MediaRecord } from '../record/media.js'
import type { SinkErrorAction } from '../sinks/errors.js'

/** Where one test takes place: everything in it is new, and is removed afterwards. */
export interface Place {
  /** Another one for each place: for the name of a table, say. */
  readonly id: string
  /** An empty directory for what the destination needs. */
  readonly directory: string
  /** Of the run that is delivered. */
  readonly runDir: string
}

/** A record of the journal, as the sink gets it in a batch. */
export interface JournalRow {
  readonly producer: number
  readonly sequence: number
  readonly step: number
  /** Milliseconds since the epoch. */
  readonly time: number
  /** NaN and infinities are data; of a bigint the nearest double. Empty where there is `media`. */
  readonly values: { readonly [name: string]: number }
  /** The exact values of those that were logged as bigints. */
  readonly integers: { readonly [name: string]: bigint }
  /** A media call, or an update of the run. */
  readonly media: MediaRecord | null
}

/** Something that goes wrong at the destination, for real. */
export interface Fault {
  /** "the server answers 503". */
  readonly name: string
  /** What the sink must say of it. */
  readonly action: SinkErrorAction
  /** Breaks the destination; what it returns mends it. */
  inject(place: Place): (() => void | Promise<void>) | Promise<() => void | Promise<void>>
}

/** A sink, and how to look at its destination. Give `read()` or `count()`. */
export interface SinkTarget {
  /** As in `init({ sinks: [...] })`; a function where its options depend on the place. */
  readonly sink: SinkOption | 'summary' | ((place: Place) => SinkOption)
  /** Everything that the destination holds of the run, in its order: compared with what `expected` says. */
  read?(place: Place): readonly unknown[] | Promise<readonly unknown[]>
  /**
   * What the destination holds of one row; an empty list where it has no place for it. Default: an object of producer,
   * sequence, step and values for each row of numbers. `as-undisturbed`: what a delivery without any trouble leaves.
   */
  readonly expected?: ((row: JournalRow, place: Place) => readonly unknown[]) | 'as-undisturbed'
  /** False: the order of the items does not matter. Default true. */
  readonly ordered?: boolean
  /** How many rows the destination holds: compared with how many the sink says it has delivered. */
  count?(place: Place): number | Promise<number>
  /** Makes the destination, and takes it away. */
  prepare?(place: Place): void | Promise<void>
  cleanUp?(place: Place): void | Promise<void>
  /** Faults of the destination, each a test of its own. */
  readonly faults?: readonly Fault[]
  /** Makes the destination take a request and never answer; what it returns lets it go. */
  stall?(place: Place): (() => void | Promise<void>) | Promise<() => void | Promise<void>>
  /** The most that the sink's state may take as JSON: it is written with every batch. Default 65,536. */
  readonly maxStateBytes?: number
  /** How often its thread is ended in the middle of a delivery. Default 5. */
  readonly kills?: number
}

/** The sink does not keep the contract: the message says which rule, and how it was broken. */
export class SinkTestError extends Error {
  readonly code = 'OFFSTEP_SINK_TEST'
  readonly retryable = false

  constructor(message: string, options?: ErrorOptions) {
    super(`${message} (docs/sink-testkit.md)`, options)
    this.name = 'SinkTestError'
  }
}
