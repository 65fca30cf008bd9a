import { type Benchmark, type Figure, type Measured, type Settings, secondsOf } from './benchmark.js'
import { isolate } from './isolate.js'
import { FAULTS, type Fault, SURROUNDINGS } from './paced/faults.js'
import { chartsOf, figuresOf, type Paced } from './paced/figures.js'

const RATE = 10_000

export const paced: Benchmark = {
  name: 'paced',
  about: '10,000 calls a second from a loop that never yields: latency, healthy and under faults',
  scopes: ['latency'],
  async run(settings: Settings): Promise<Measured> {
    const figures: Figure[] = []
    const states = new Map<Fault, Paced>()
    for (const fault of FAULTS) {
      const seconds = fault === 'none' ? secondsOf(settings, 60, 1) : secondsOf(settings, 30, 1)
      const { name, around } = SURROUNDINGS[fault]
      const measured = await around((place) =>
        isolate<Paced>('paced', { ...place, fault, seconds, rate: RATE }),
      )
      if (measured === null) {
        figures.push({
          name: `${name}: not measured`,
          measured: 0,
          unit: '',
          note: 'mounting a small disk takes root on Linux',
        })
        continue
      }
      states.set(fault, measured)
      figures.push(...figuresOf(fault, measured))
    }
    return { figures, charts: chartsOf(states) }
  },
}
