import type { Benchmark, Measured, Settings } from './benchmark.js'
import { byKeys } from './growth/keys.js'
import { byProducers } from './growth/producers.js'
import { byRecords } from './growth/records.js'
import { bySinks } from './growth/sinks.js'

export const growth: Benchmark = {
  name: 'growth',
  about: 'how cost grows with keys, producers, records and sinks: exponents',
  scopes: ['hot-path', 'throughput'],
  async run(settings: Settings): Promise<Measured> {
    const parts: Measured[] = []
    for (const by of [byKeys, byProducers, byRecords, bySinks]) parts.push(await by(settings))
    return {
      figures: parts.flatMap(({ figures }) => figures),
      charts: parts.flatMap(({ charts }) => charts),
    }
  },
}
