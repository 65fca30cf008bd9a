import { setTimeout as sleep } from 'node:timers/promises'
import { init } from '../../src/index.js'
import { processHistogram } from '../../src/media/process/histogram.js'
import { inDirectory, parameters, report } from './support.js'

const { dir, values, rounds } = parameters<{ dir: string; values: number; rounds: number }>()

const run = init(inDirectory(dir, { sinks: ['jsonl'] }))
const weights = Float32Array.from({ length: values }, (_, i) => Math.sin(i) * Math.sqrt(i))
const timed = (work: () => unknown): number => {
  const start = performance.now()
  work()
  return performance.now() - start
}

// As long as a call's: memory that was given back a moment ago is cheaper than fresh memory.
const kept: Float32Array[] = []
const copyAlone = () => {
  const array = new Float32Array(new SharedArrayBuffer(weights.byteLength))
  array.set(weights)
  kept.push(array)
}

const copy: number[] = []
const copied: number[] = []
const transferred: number[] = []
const counted: number[] = []
for (let round = 0; round < rounds; round++) {
  const given = weights.slice()
  const calls = [
    () => copy.push(timed(copyAlone)),
    () => copied.push(timed(() => run.histogram('copied', weights, round))),
    () => transferred.push(timed(() => run.histogram('given', given, round, { transfer: true }))),
    () => counted.push(timed(() => processHistogram({ values: weights }))),
  ]
  // In another order each round, and with the pool thread at rest: they share two cores.
  for (const call of [...calls.slice(round % 4), ...calls.slice(0, round % 4)]) call()
  await run.flush()
  if (kept.length > 4) kept.shift()
  await sleep(1)
}
await run.finish()
report({ copy, copied, transferred, counted, dropped: run.status().dropped.total })
