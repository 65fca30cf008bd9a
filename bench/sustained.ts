import { type Benchmark, type Figure, type Settings, secondsOf } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'
import { slope } from './statistics.js'

interface Sustained {
  readonly dropped: number
  /** Bytes, once a second. */
  readonly rss: readonly number[]
  readonly bareRss: number
  /** Rows that the slowest sink had before it, once a second. */
  readonly pending: readonly number[]
  readonly backlog: { readonly [sink: string]: number }
  readonly catchUpMs: number | null
  readonly seenMs: number
  /** Milliseconds. */
  readonly cpu: { readonly [role: string]: number }
}

const RATE = 100_000
const MIB = 2 ** 20

export const sustained: Benchmark = {
  name: 'sustained',
  about: '100,000 rows of 10 scalars a second to the journal and three kinds of files',
  scopes: ['throughput', 'memory'],
  async run(settings: Settings): Promise<Figure[]> {
    const seconds = secondsOf(settings, 30, 4)
    const sinks = ['jsonl', 'csv', 'tensorboard']
    const result = await withDirectory((dir) =>
      isolate<Sustained>('sustained', { dir, sinks, seconds, rate: RATE }),
    )
    const { dropped, rss, bareRss, pending, backlog, catchUpMs, seenMs, cpu } = result
    // The first third fills buffers and compiles code.
    const flat = rss.slice(Math.floor(rss.length / 3))
    const figures: Figure[] = [
      { name: 'rows dropped', measured: dropped, unit: '', target: { atMost: 0 } },
      {
        name: 'memory growth',
        measured: slope(flat) / MIB,
        unit: 'MiB/s',
        target: { atMost: 0.5 },
        note: `over the last ${flat.length} s, ${toMib(flat[0]!)} to ${toMib(flat.at(-1)!)} MiB`,
      },
      {
        name: 'memory above bare Node',
        measured: (Math.max(...rss) - bareRss) / MIB,
        unit: 'MiB',
        target: { atMost: 100 },
        note: `the maximum of ${rss.length} samples; bare ${toMib(bareRss)} MiB, after a loop that makes the same rows`,
      },
    ]
    for (const [sink, rows] of Object.entries(backlog)) {
      figures.push({
        name: `backlog at the end: ${sink}`,
        measured: rows / RATE,
        unit: 's',
        note: `${rows} rows`,
      })
    }
    const worst = Math.max(...pending) / RATE
    figures.push({ name: 'largest backlog', measured: worst, unit: 's' })
    figures.push({ name: 'time to catch up', measured: catchUpMs ?? Number.NaN, unit: 'ms' })
    let all = 0
    for (const [role, ms] of Object.entries(cpu)) {
      all += ms
      figures.push({ name: `CPU: ${role}`, measured: (ms / seenMs) * 100, unit: '% of a core' })
    }
    figures.push({ name: 'CPU: all', measured: (all / seenMs) * 100, unit: '% of a core' })
    return figures
  },
}

const toMib = (bytes: number): string => (bytes / MIB).toFixed(0)
