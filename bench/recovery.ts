import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'

interface Recovered {
  readonly firstMs: number
  readonly totalMs: number
}

const PLACES = { beginning: 'at the beginning', middle: 'in the last segment', end: 'at the end' } as const

export const recovery: Benchmark = {
  name: 'recovery',
  about: 'how long a dead run waits for its first delivery, and for its end',
  scopes: ['reading', 'delivery'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const mebibytes = Number(process.env.OFFSTEP_BENCH_JOURNAL_MIB) || (quick ? 128 : 1024)
    const figures: Figure[] = []
    for (const [at, where] of Object.entries(PLACES)) {
      const { firstMs, totalMs } = await withDirectory((dir) =>
        isolate<Recovered>('recovery', { dir, mebibytes, at }),
      )
      figures.push({
        name: `sinks ${where}: to the first delivery`,
        measured: firstMs,
        unit: 'ms',
        target: { atMost: 1000 },
        note: `${mebibytes} MiB of journal, four file sinks`,
      })
      if (at !== 'beginning')
        figures.push({ name: `sinks ${where}: to the end`, measured: totalMs, unit: 'ms' })
    }
    return figures
  },
}
