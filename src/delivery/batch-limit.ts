import type { Sink } from '../sinks/sink.js'

const BATCH_BYTES = 256 * 1024
const MAX_BATCH_BYTES = 16 * 2 ** 20

/** A limit that has just been found too high is tried again after this many batches at most. */
const MAX_PATIENCE = 64

/**
 * How many rows one `write()` gets.
 *
 * By size: halved when the destination says "too large" or takes too long, doubled when batches are taken. A
 * destination with a fixed limit would say "too large" to every other batch: each growth that fails doubles the
 * number of batches before the next one.
 *
 * By search: where a batch was refused for a row in it, the row is found by halves; after it the batches double
 * from one row on, since bad rows come in groups.
 */
export class BatchLimit {
  #bySize = Number.POSITIVE_INFINITY
  #afterSearch = Number.POSITIVE_INFINITY
  /** One of so many rows to come is bad. */
  #suspects = Number.POSITIVE_INFINITY
  /** Full batches taken since the size last changed, and how many it takes to grow. */
  #taken = 0
  #patience = 1

  get rows(): number {
    return Math.min(this.#bySize, this.#afterSearch, Math.ceil(this.#suspects / 2))
  }

  /** A batch of `count` rows was too large, or took too long. */
  tooLarge(count: number): void {
    // Not while it comes down for the first time, nor where one large row stands among small ones.
    if (this.#taken > 0) this.#patience = Math.min(MAX_PATIENCE, this.#patience * 2)
    this.#bySize = Math.ceil(count / 2)
    this.#taken = 0
  }

  /** A batch of `count` rows has a bad row somewhere; where it is a single one, that is the row. */
  holdsBadRow(count: number): void {
    this.#suspects = count > 1 ? count : Number.POSITIVE_INFINITY
    if (count === 1) this.#afterSearch = 1
  }

  /** A batch of `count` rows went through. */
  took(count: number): void {
    this.#afterSearch *= 2
    this.#suspects -= count
    if (this.#suspects <= 0) this.#suspects = Number.POSITIVE_INFINITY
    if (count < this.#bySize || this.#bySize === Number.POSITIVE_INFINITY) return
    this.#taken++
    if (this.#taken < this.#patience) return
    this.#bySize *= 2
    // One is kept: a failure right after the growth is a failure of the growth.
    this.#taken = 1
  }
}

/** Journal bytes that one batch holds at most. What a sink of somebody else says may be anything. */
export function batchBytesOf({ batchBytes }: Pick<Sink, 'batchBytes'>): number {
  return typeof batchBytes === 'number' && batchBytes >= 1
    ? Math.min(batchBytes, MAX_BATCH_BYTES)
    : BATCH_BYTES
}
