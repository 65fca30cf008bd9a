import { build, type Histogram as HdrHistogram } from 'hdr-histogram-js'
import type { Latencies } from './chart.js'

/** Latencies from 1 ns to a minute, to three digits (HdrHistogram): allocated beforehand, recording allocates nothing. */
export class Histogram {
  readonly #values: HdrHistogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60e9,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
    useWebAssembly: false,
  })

  recordMs(ms: number): void {
    this.#values.recordValue(Math.min(60e9, Math.max(0, Math.round(ms * 1e6))))
  }

  /** Milliseconds in one array, as a program of another language reports them. */
  static of(values: Iterable<number>): Histogram {
    const histogram = new Histogram()
    for (const ms of values) histogram.recordMs(ms)
    return histogram
  }

  /** The end of the bucket that holds it, and so up to a thousandth above it. */
  quantileUs(fraction: number): number {
    return Math.min(this.#values.getValueAtPercentile(fraction * 100), this.#values.maxValue) / 1000
  }

  summary(): Latencies {
    return {
      count: this.#values.totalCount,
      p50: this.quantileUs(0.5),
      p90: this.quantileUs(0.9),
      p99: this.quantileUs(0.99),
      p999: this.quantileUs(0.999),
      p9999: this.quantileUs(0.9999),
      max: this.#values.maxValue / 1000,
    }
  }
}
