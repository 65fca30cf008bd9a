import { countersOf } from '../ring/account.js'
import { F64, HEADER_BYTES, I32 } from '../ring/layout.js'
import type { NamedRing } from './messages.js'

/** What becomes of one media call. All values are absolute: to apply them twice is to apply them once. */
interface Commit {
  /** The producer that made the call, and how many of its calls are done then. */
  readonly producer: number
  readonly done: number
  /** A counter of the media ring, and its value then. */
  readonly counter: number
  readonly count: number
  /** Where the media ring's head stands then. */
  readonly head: number
}

const FIELDS = 5
/** Two slots that take turns: what is half-written is never the one that counts. */
const slotAt = (number: number): number => F64.MEDIA_COMMIT + 1 + (number % 2) * FIELDS

/**
 * Counts each media call once, though it takes several counters and the desk may be ended between any two stores: all
 * is written down first, made valid by one store, and then applied; a successor applies it again.
 */
export class MediaCommit {
  readonly #rings: readonly NamedRing[]
  readonly #header: Int32Array
  readonly #counters: Float64Array

  /** Completes what a desk before this one had begun. */
  constructor(ring: SharedArrayBuffer, rings: readonly NamedRing[]) {
    this.#rings = rings
    this.#header = new Int32Array(ring, 0, HEADER_BYTES / 4)
    this.#counters = countersOf(ring)
    const number = this.#counters[F64.MEDIA_COMMIT]!
    if (number === 0) return
    const [producer, done, counter, count, head] = this.#counters.subarray(slotAt(number))
    this.#apply({ producer: producer!, done: done!, counter: counter!, count: count!, head: head! })
  }

  /** From here on the call is done, whatever happens to this thread. */
  commit(commit: Commit): void {
    const number = this.#counters[F64.MEDIA_COMMIT]! + 1
    const { producer, done, counter, count, head } = commit
    this.#counters.set([producer, done, counter, count, head], slotAt(number))
    this.#counters[F64.MEDIA_COMMIT] = number
    this.#apply(commit)
  }

  #apply({ producer, done, counter, count, head }: Commit): void {
    Atomics.store(this.#header, I32.HEAD, head)
    this.#counters[counter] = count
    const source = this.#rings.find(({ id }) => id === producer)
    if (source !== undefined) countersOf(source.ring)[F64.MEDIA_DONE] = done
  }
}
