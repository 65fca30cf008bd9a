/**
 * Log calls, and bare stores of the same bytes into shared memory with one read of the clock: what no logger that keeps
 * the time can be cheaper than. Nanoseconds per call, one entry per round.
 */
import { init } from '../../src/index.js'
import { KIND_ROW, ROW_HEADER_WORDS, rowWords } from '../../src/record/frame.js'
import { logTen, tenMetrics } from './rows.js'
import { assertCounts, inDirectory, parameters, report, waitSync } from './support.js'

const { dir, rounds, calls } = parameters<{ dir: string; rounds: number; calls: number }>()

/** As large as the ring, so that both meet the same caches. */
const memory = new SharedArrayBuffer(8 * 2 ** 20)
const f64 = new Float64Array(memory)
const u32 = new Uint32Array(memory)
const ONE = rowWords(1)
const TEN = rowWords(10)
const end = f64.length - TEN
let at = 0
let kept: object | null = null

function storeOne(value: number, step: number): void {
  at = at < end ? at + ONE : 0
  const half = at * 2
  u32[half] = (ONE << 8) | KIND_ROW
  u32[half + 1] = step
  f64[at + 1] = step
  f64[at + 2] = Date.now()
  f64[at + ROW_HEADER_WORDS] = value
  u32[half + 8] = 0
}

function storeTen(values: ReturnType<typeof tenMetrics>, step: number): void {
  // Else V8 sees that nobody else has the object, and makes none.
  kept = values
  at = at < end ? at + TEN : 0
  u32[at * 2] = (TEN << 8) | KIND_ROW
  u32[at * 2 + 1] = step
  f64[at + 1] = step
  f64[at + 2] = Date.now()
  const first = at + ROW_HEADER_WORDS
  f64[first] = values['train/loss']
  f64[first + 1] = values['train/accuracy']
  f64[first + 2] = values['train/perplexity']
  f64[first + 3] = values['train/grad-norm']
  f64[first + 4] = values['train/learning-rate']
  f64[first + 5] = values['val/loss']
  f64[first + 6] = values['val/accuracy']
  f64[first + 7] = values['val/perplexity']
  f64[first + 8] = values['time/step']
  f64[first + 9] = values['time/data']
  const ids = (first + 10) * 2
  for (let id = 0; id < 10; id++) u32[ids + id] = id
}

const run = init(inDirectory(dir, { sinks: [] }))
const handle = run.scalar('train/loss')

const KINDS = {
  scalar: (step: number) => {
    for (let i = 0; i < calls; i++) handle.log(i * 0.1, step + i)
  },
  bareScalar: (step: number) => {
    for (let i = 0; i < calls; i++) storeOne(i * 0.1, step + i)
  },
  row: (step: number) => {
    for (let i = 0; i < calls; i++) logTen(run, i * 0.1, step + i)
  },
  bareRow: (step: number) => {
    for (let i = 0; i < calls; i++) storeTen(tenMetrics(i * 0.1), step + i)
  },
}

const result = {
  scalar: [] as number[],
  bareScalar: [] as number[],
  row: [] as number[],
  bareRow: [] as number[],
}
const order = ['scalar', 'bareScalar', 'row', 'bareRow'] as const
for (let round = -Math.ceil(rounds / 4); round < rounds; round++) {
  // Who goes first changes with each round; the first quarter warms up.
  for (const kind of (round & 1) === 0 ? order : order.toReversed()) {
    waitSync(run, ({ inRing }) => inRing === 0, 10_000)
    const start = performance.now()
    KINDS[kind]((round + rounds) * calls)
    const ms = performance.now() - start
    if (round >= 0) result[kind].push((ms * 1e6) / calls)
  }
}
const status = await run.finish()
assertCounts(status)
report({ ...result, dropped: status.dropped.total, alive: [f64[3], kept] })
