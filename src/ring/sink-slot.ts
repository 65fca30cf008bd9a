/**
 * What `status()` tells of one sink, in shared memory. Written by the thread that delivers to the sink (one at
 * a time) and by the daemon between two deliveries; read by any thread at any time.
 */
export const SINK_SLOT_BYTES = 512
const TEXT_OFFSET = 128
const TEXT_BYTES = SINK_SLOT_BYTES - TEXT_OFFSET

/**
 * - `idle`: nothing to do, or waiting for the next slice
 * - `delivering`: a slice is in flight
 * - `backing-off`: the last attempt failed; the next comes after the back-off
 * - `paused`: needs a person (bad credentials, say); the journal keeps everything
 * - `disk-full`: the disk has no room, or less than `disk.minFreeBytes`: this sink, which can be rebuilt from the
 *   journal, leaves the rest of it to the journal, and goes on by itself
 * - `offline`: the run's mode forbids the network; `offstep sync` delivers later
 * - `closed`: the run has ended
 */
export const SINK_STATES = [
  'idle',
  'delivering',
  'backing-off',
  'paused',
  'disk-full',
  'offline',
  'closed',
] as const
export type SinkStateName = (typeof SINK_STATES)[number]

const F64 = { DELIVERED: 1, DEAD_LETTERED: 2, NOT_APPLICABLE: 3, ATTEMPTS: 4, WRITING: 5 } as const
const I32_STATE = 0
/** Odd while the text is being written. */
const I32_TEXT_VERSION = 12
const I32_TEXT_LENGTH = 13

export interface SinkCounts {
  readonly delivered: number
  readonly deadLettered: number
  readonly notApplicable: number
}

export class SinkSlot {
  readonly #i32: Int32Array
  readonly #f64: Float64Array
  readonly #text: Uint8Array

  constructor(buffer: SharedArrayBuffer, offset: number) {
    this.#i32 = new Int32Array(buffer, offset, TEXT_OFFSET / 4)
    this.#f64 = new Float64Array(buffer, offset, TEXT_OFFSET / 8)
    this.#text = new Uint8Array(buffer, offset + TEXT_OFFSET, TEXT_BYTES)
  }

  get state(): SinkStateName {
    return SINK_STATES[Atomics.load(this.#i32, I32_STATE)] ?? 'idle'
  }

  set state(state: SinkStateName) {
    Atomics.store(this.#i32, I32_STATE, SINK_STATES.indexOf(state))
  }

  get counts(): SinkCounts {
    return {
      delivered: this.#f64[F64.DELIVERED]!,
      deadLettered: this.#f64[F64.DEAD_LETTERED]!,
      notApplicable: this.#f64[F64.NOT_APPLICABLE]!,
    }
  }

  set counts(counts: SinkCounts) {
    this.#f64[F64.DELIVERED] = counts.delivered
    this.#f64[F64.DEAD_LETTERED] = counts.deadLettered
    this.#f64[F64.NOT_APPLICABLE] = counts.notApplicable
  }

  /** Rows that need no further delivery, whatever became of them. */
  get settled(): number {
    const { delivered, deadLettered, notApplicable } = this.counts
    return delivered + deadLettered + notApplicable
  }

  get attempts(): number {
    return this.#f64[F64.ATTEMPTS]!
  }

  set attempts(attempts: number) {
    this.#f64[F64.ATTEMPTS] = attempts
  }

  /**
   * Rows of the `write()` that is in flight, 0 between two: what a thread that was ended in the middle of one
   * tells its successor.
   */
  get writing(): number {
    return this.#f64[F64.WRITING]!
  }

  set writing(rows: number) {
    this.#f64[F64.WRITING] = rows
  }

  /** The last error's message, cut to what the slot holds, or null. */
  get lastError(): string | null {
    for (;;) {
      const version = Atomics.load(this.#i32, I32_TEXT_VERSION)
      const length = Atomics.load(this.#i32, I32_TEXT_LENGTH)
      const bytes = this.#text.slice(0, length)
      if ((version & 1) === 0 && Atomics.load(this.#i32, I32_TEXT_VERSION) === version) {
        return length === 0 ? null : new TextDecoder().decode(bytes)
      }
    }
  }

  set lastError(message: string | null) {
    const bytes = new Uint8Array(TEXT_BYTES)
    const { written } = new TextEncoder().encodeInto(message ?? '', bytes)
    Atomics.add(this.#i32, I32_TEXT_VERSION, 1)
    this.#text.set(bytes.subarray(0, written))
    Atomics.store(this.#i32, I32_TEXT_LENGTH, written)
    Atomics.add(this.#i32, I32_TEXT_VERSION, 1)
  }
}
