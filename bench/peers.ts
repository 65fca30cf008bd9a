import type { Benchmark, Measured, Settings } from './benchmark.js'
import { chartsOf } from './peers/charts.js'
import { figuresOf } from './peers/figures.js'
import { nodePeers } from './peers/node.js'
import { pythonPeers } from './peers/python.js'

export const peers: Benchmark = {
  name: 'peers',
  about: 'what a user would pick instead, doing the same work: loggers and trackers of Node and Python',
  scopes: ['hot-path', 'latency', 'throughput', 'memory'],
  async run(settings: Settings): Promise<Measured> {
    const node = await nodePeers(settings)
    const results = [...node.results, ...(await pythonPeers(settings))]
    return { figures: figuresOf(results, node.bare), charts: chartsOf(results, node.bare) }
  },
}
