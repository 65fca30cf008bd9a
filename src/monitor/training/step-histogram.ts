import type { StepTimes } from './types.js'

/**
 * Counts of durations in buckets that grow with them, as in HdrHistogram (http://hdrhistogram.org): 32 to each power
 * of two, so that any percentile is right within 1.6 %, in constant memory, and adding is a few nanoseconds. The index
 * is the exponent and the first five bits of the mantissa of the double itself (IEEE 754).
 */
const SUB_BITS = 5
const SUB_BUCKETS = 2 ** SUB_BITS
/** 2^-10 ms, about a microsecond, to 2^30 ms, twelve days. */
const MIN_EXPONENT = -10
const EXPONENTS = 40
const BUCKETS = EXPONENTS * SUB_BUCKETS
const BIAS = 1023
const FIRST = (BIAS + MIN_EXPONENT) << SUB_BITS

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

export class StepHistogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0
  #max = 0
  /** Buckets outside of these are empty: steps are much alike, and what is not there need not be gone through. */
  #low = BUCKETS
  #high = -1

  get count(): number {
    return this.#count
  }

  /** A duration in milliseconds, 0 or more. Allocates nothing. */
  add(ms: number): void {
    double[0] = ms
    const index = (words[HIGH]! >>> (20 - SUB_BITS)) - FIRST
    const bucket = index < 0 ? 0 : index >= BUCKETS ? BUCKETS - 1 : index
    this.#counts[bucket]!++
    if (bucket < this.#low) this.#low = bucket
    if (bucket > this.#high) this.#high = bucket
    this.#count++
    if (ms > this.#max) this.#max = ms
  }

  /** Takes in what another one has counted, and empties that one. */
  absorb(other: StepHistogram): void {
    for (let index = other.#low; index <= other.#high; index++) {
      this.#counts[index]! += other.#counts[index]!
      other.#counts[index] = 0
    }
    this.#low = Math.min(this.#low, other.#low)
    this.#high = Math.max(this.#high, other.#high)
    this.#count += other.#count
    this.#max = Math.max(this.#max, other.#max)
    other.#low = BUCKETS
    other.#high = -1
    other.#count = 0
    other.#max = 0
  }

  /** The value that the part `share` of the durations does not exceed; 0 where there are none. */
  percentile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.#count))
    let seen = 0
    for (let index = this.#low; index <= this.#high; index++) {
      seen += this.#counts[index]!
      if (seen >= wanted) return Math.min(middleOf(index), this.#max)
    }
    return 0
  }

  /** Null where there are none. */
  times(): StepTimes | null {
    if (this.#count === 0) return null
    const [p50, p90, p99] = [this.percentile(0.5), this.percentile(0.9), this.percentile(0.99)]
    return { p50, p90, p99, max: this.#max }
  }
}

function middleOf(index: number): number {
  const exponent = (index >> SUB_BITS) + MIN_EXPONENT
  const part = (index & (SUB_BUCKETS - 1)) + 0.5
  return 2 ** exponent * (1 + part / SUB_BUCKETS)
}
