import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'
import { median } from './statistics.js'

interface Throughput {
  readonly perSecond: number
}

const TARGET = { atLeast: 5 }
const SHAPES = [
  { metrics: 1, rows: 'rows of 1 scalar' },
  { metrics: 10, rows: 'rows of 10 scalars' },
] as const

export const journal: Benchmark = {
  name: 'journal',
  about: 'millions of scalars a second from the ring into the journal',
  scopes: ['throughput'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const scalars = quick ? 2_000_000 : 20_000_000
    const figures: Figure[] = []
    for (const { metrics, rows } of SHAPES) {
      for (const [program, how] of [
        ['journal-live', 'live run'],
        ['journal-alone', 'journal alone'],
      ] as const) {
        const rates: number[] = []
        for (let i = 0; i < (quick ? 1 : 5); i++) {
          const { perSecond } = await withDirectory((dir) =>
            isolate<Throughput>(program, { dir, metrics, scalars }),
          )
          rates.push(perSecond / 1e6)
        }
        const spread = `${Math.min(...rates).toFixed(1)} to ${Math.max(...rates).toFixed(1)} in ${rates.length} runs`
        figures.push({
          name: `${how}, ${rows}`,
          measured: median(rates),
          unit: 'M/s',
          target: TARGET,
          note: spread,
        })
      }
    }
    return figures
  },
}
