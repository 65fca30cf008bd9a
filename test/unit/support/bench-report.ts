import type { Figure } from '../../../bench/benchmark.js'
import type { Chart } from '../../../bench/chart.js'
import type { BenchmarkReport, Report } from '../../../bench/report/report.js'

/** A report of one benchmark, made up. */
export const madeUpReport = (benchmark: Partial<BenchmarkReport>): Report => ({
  format: 'offstep-bench',
  version: 1,
  time: '2026-01-02T03:04:05.678Z',
  settings: { seconds: null, quick: false },
  machine: {
    cpu: 'A Processor',
    cores: 2,
    memoryGiB: 8,
    fileSystem: 'ext4',
    os: 'Linux 6.1.0 x64',
    node: '20.20.0',
    v8: '11.3',
    loadAverage: 0.1,
  },
  code: { commit: '0123456789abcdef0123456789abcdef01234567', modified: false },
  benchmarks: [
    {
      name: 'call',
      about: 'cost of a call',
      scopes: ['hot-path', 'latency'],
      seconds: 1,
      loadBefore: 0.2,
      figures: [],
      charts: [],
      ...benchmark,
    },
  ],
})

export const figureOf = (
  name: string,
  measured: number,
  unit: string,
  rest: Partial<Figure> = {},
): Figure => ({
  name,
  measured,
  unit,
  ...rest,
})

const latencies = (us: number) => ({
  count: 1000,
  p50: us,
  p90: 2 * us,
  p99: 3 * us,
  p999: 4 * us,
  p9999: 5 * us,
  max: 6 * us,
})

/** One of each kind; `times`: how much slower ours is than it could be. */
export const chartsOf = (times = 1): Chart[] => [
  {
    kind: 'percentiles',
    title: 'Latency of a row',
    note: 'Ours is thick.',
    lines: [
      { name: 'offstep', latencies: latencies(times) },
      { name: 'a peer', latencies: latencies(10) },
      { name: 'no logger', latencies: latencies(0.1) },
    ],
  },
  {
    kind: 'curves',
    title: 'Time by keys',
    x: 'keys',
    y: 'ns a row',
    lines: [{ name: 'run.log', points: [1, 10, 100].map((keys) => [keys, 7 * keys ** 2] as const) }],
  },
  {
    kind: 'bars',
    title: 'Sustained',
    unit: 'rows/s',
    bars: [
      { name: 'offstep', value: 1000 / times, ours: true },
      { name: 'a peer', value: 100 },
      { name: 'not there', value: Number.NaN },
    ],
  },
]
