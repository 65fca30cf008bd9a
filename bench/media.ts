import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'
import { median } from './statistics.js'

interface Times {
  /** Milliseconds, per round. */
  readonly copy: readonly number[]
  readonly copied: readonly number[]
  readonly transferred: readonly number[]
  readonly counted: readonly number[]
  readonly dropped: number
}

const VALUES = 1_000_000

/** What a histogram costs the training thread, and the thread that counts it. */
export const media: Benchmark = {
  name: 'media',
  about: 'a histogram of a million float32: what it costs the training thread, and off it',
  scopes: ['hot-path'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const parameters = { values: VALUES, rounds: quick ? 10 : 60 }
    const times = await withDirectory((dir) => isolate<Times>('media', { dir, ...parameters }))
    const ratio = (of: readonly number[]) => median(of.map((time, round) => time / times.copy[round]!))
    return [
      { name: 'one copy of 4 MB into shared memory', measured: median(times.copy), unit: 'ms' },
      {
        name: 'run.histogram(), copied',
        measured: ratio(times.copied),
        unit: 'x',
        // Its own work is some microseconds; the rest is how much two copies of 4 MB differ.
        target: { atMost: 1.1 },
        note: `of one copy: ${median(times.copied).toFixed(3)} ms`,
      },
      {
        name: 'run.histogram(), transferred',
        measured: median(times.transferred),
        unit: 'ms',
        target: { atMost: 0.1 },
        note: 'nothing is copied',
      },
      {
        name: 'counting, off the training thread',
        measured: median(times.counted),
        unit: 'ms',
        target: { atMost: 25 },
        note: `${VALUES / 1e6} million values, 30 buckets`,
      },
      { name: 'calls dropped meanwhile', measured: times.dropped, unit: '', target: { atMost: 0 } },
    ]
  },
}
