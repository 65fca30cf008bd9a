const BUCKET_NS = 10
const BUCKETS = 100_000

/** Latencies in buckets of 10 ns up to 1 ms, allocated beforehand: recording one allocates nothing. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS + 1)
  #maxNs = 0
  #count = 0

  recordMs(ms: number): void {
    const ns = ms * 1e6
    if (ns > this.#maxNs) this.#maxNs = ns
    this.#counts[Math.min(BUCKETS, Math.trunc(ns / BUCKET_NS))]!++
    this.#count++
  }

  /** In microseconds, rounded up to the bucket's end; the maximum where the bucket is the open one. */
  quantileUs(fraction: number): number {
    const rank = Math.ceil(fraction * this.#count)
    let seen = 0
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count
      if (seen >= rank) return (bucket < BUCKETS ? (bucket + 1) * BUCKET_NS : this.#maxNs) / 1000
    }
    return Number.NaN
  }

  summary(): LatencySummary {
    return {
      p50: this.quantileUs(0.5),
      p99: this.quantileUs(0.99),
      p999: this.quantileUs(0.999),
      max: this.#maxNs / 1000,
    }
  }
}

/** Microseconds. */
export interface LatencySummary {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}
