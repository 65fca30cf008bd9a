/** The time of a training step with 20 metrics logged and with none: blocks take turns, milliseconds per step. */
import { init, type MetricLogger } from '../../src/index.js'
import { median } from '../statistics.js'
import { inDirectory, parameters, report } from './support.js'

const { dir, blocks, stepMs } = parameters<{ dir: string; blocks: number; stepMs: number }>()
const STEPS = 10
const METRICS = Array.from({ length: 20 }, (_, i) => `train/metric-${i}`)

let size = 64
let left = new Float64Array(0)
let right = new Float64Array(0)
const product = new Float64Array(512 * 512)

/** Real work on this thread: a product of two square matrices. */
function multiply(): number {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = 0
      for (let k = 0; k < size; k++) sum += left[i * size + k]! * right[j * size + k]!
      product[i * size + j] = sum
    }
  }
  return product[size + 1]!
}

/** The size at which one product takes about `stepMs`. Small sizes come first, and have the code compiled. */
function calibrate(): void {
  for (size = 64; size < 512; size += 8) {
    left = Float64Array.from({ length: size * size }, (_, i) => Math.sin(i))
    right = Float64Array.from({ length: size * size }, (_, i) => Math.cos(i))
    const times = Array.from({ length: 50 }, () => {
      const start = performance.now()
      multiply()
      return performance.now() - start
    })
    if (Math.min(...times) >= stepMs * 0.95) return
  }
}

let step = 0

function runBlock(logger: MetricLogger | null): number {
  const times: number[] = []
  for (let i = 0; i < STEPS; i++) {
    const start = performance.now()
    const loss = multiply()
    if (logger !== null) {
      const values: Record<string, number> = {}
      for (const [index, name] of METRICS.entries()) values[name] = loss * index
      logger.log(values, step)
    }
    step++
    times.push(performance.now() - start)
  }
  return median(times)
}

calibrate()
const run = init(inDirectory(dir))
const disabled = init({ mode: 'disabled' })
const result = { tracked: [] as number[], disabled: [] as number[], bare: [] as number[] }
for (let block = -2; block < blocks; block++) {
  // Each goes first as often as it goes last.
  const order = (['tracked', 'disabled', 'bare'] as const).map((_, i, all) => all[(i + Math.abs(block)) % 3]!)
  for (const kind of order) {
    const time = runBlock({ tracked: run, disabled, bare: null }[kind])
    if (block >= 0) result[kind].push(time)
  }
}
const { dropped } = await run.finish()
report({ ...result, dropped: dropped.total, size })
