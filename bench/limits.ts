import type { Benchmark, Measured, Settings } from './benchmark.js'
import { callFigures } from './limits/call.js'
import { diskFigures } from './limits/disk.js'
import { drainFigures } from './limits/drain.js'

export const limits: Benchmark = {
  name: 'limits',
  about: 'log calls, the drain and the journal beside what the machine can do at all',
  scopes: ['hot-path', 'throughput'],
  async run({ quick }: Settings): Promise<Measured> {
    const call = await callFigures(quick)
    const drain = await drainFigures(quick)
    const disk = await diskFigures(quick)
    return { figures: [...call, ...drain.figures, ...disk], charts: drain.charts }
  },
}
