import type { Benchmark, Figure, Settings } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'
import { median } from './statistics.js'

const TARGET = { atLeast: 4 }

export const eventWriter: Benchmark = {
  name: 'event-writer',
  about: 'millions of scalars a second into TensorBoard event files, on one thread',
  scopes: ['throughput'],
  async run({ quick }: Settings): Promise<Figure[]> {
    const scalars = quick ? 1_600_000 : 8_000_000
    const figures: Figure[] = []
    for (const metrics of [1, 10]) {
      const rates: number[] = []
      for (let i = 0; i < (quick ? 1 : 5); i++) {
        const { perSecond } = await withDirectory((dir) =>
          isolate<{ readonly perSecond: number }>('event-writer', { dir, metrics, scalars }),
        )
        rates.push(perSecond / 1e6)
      }
      figures.push({
        name: `rows of ${metrics} scalar${metrics === 1 ? '' : 's'}`,
        measured: median(rates),
        unit: 'M/s',
        target: TARGET,
        note: `${Math.min(...rates).toFixed(1)} to ${Math.max(...rates).toFixed(1)} in ${rates.length} runs`,
      })
    }
    return figures
  },
}
