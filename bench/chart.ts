/** What a benchmark measured beyond single figures; the report draws it. */
export type Chart = PercentileChart | CurveChart | BarChart

interface Titled {
  readonly title: string
  /** One sentence under the chart: what to look at. */
  readonly note?: string
}

/** Latency distributions, on top of each other. */
export interface PercentileChart extends Titled {
  readonly kind: 'percentiles'
  readonly lines: readonly { readonly name: string; readonly latencies: Latencies }[]
}

/** Microseconds. */
export interface Latencies {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly p9999: number
  readonly max: number
}

/** How something grows with the amount of work: both axes are logarithmic. */
export interface CurveChart extends Titled {
  readonly kind: 'curves'
  readonly x: string
  readonly y: string
  readonly lines: readonly {
    readonly name: string
    readonly points: readonly (readonly [number, number])[]
  }[]
}

/** The same work done by several; the axis is logarithmic where the values are far apart. */
export interface BarChart extends Titled {
  readonly kind: 'bars'
  readonly unit: string
  readonly bars: readonly { readonly name: string; readonly value: number; readonly ours?: boolean }[]
}
