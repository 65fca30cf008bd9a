/** Cost of one log call and of the bare clock read, interleaved; nanoseconds per call, one entry per round. */
import { init, type Run, type ScalarHandle } from '../../src/index.js'
import { logTen, tenMetrics } from './rows.js'
import { assertCounts, inDirectory, parameters, report, waitSync } from './support.js'

const { dir, rounds, calls } = parameters<{ dir: string; rounds: number; calls: number }>()

let sum = 0
let kept: object | null = null

function timeClock(): number {
  const start = performance.now()
  for (let i = 0; i < calls; i++) sum += Date.now()
  return performance.now() - start
}

function timeHandle(handle: ScalarHandle, step: number): number {
  const start = performance.now()
  for (let i = 0; i < calls; i++) handle.log(i * 0.1, step + i)
  return performance.now() - start
}

function timeRow(run: Run, step: number): number {
  const start = performance.now()
  for (let i = 0; i < calls; i++) logTen(run, i * 0.1, step + i)
  return performance.now() - start
}

/** What the caller pays for the row's object literal alone. */
function timeLiteral(): number {
  const start = performance.now()
  for (let i = 0; i < calls; i++) kept = tenMetrics(i * 0.1)
  return performance.now() - start
}

const run = init(inDirectory(dir, { sinks: [] }))
const handle = run.scalar('train/loss')
const result = { clock: [] as number[], handle: [] as number[], row: [] as number[], literal: [] as number[] }
for (let round = -Math.ceil(rounds / 4); round < rounds; round++) {
  const step = (round + rounds) * calls
  const times = { clock: timeClock(), handle: timeHandle(handle, step), row: 0, literal: 0 }
  waitSync(run, ({ inRing }) => inRing === 0, 10_000)
  times.row = timeRow(run, step)
  times.literal = timeLiteral()
  waitSync(run, ({ inRing }) => inRing === 0, 10_000)
  // The first quarter warms up.
  if (round < 0) continue
  for (const name of ['clock', 'handle', 'row', 'literal'] as const)
    result[name].push((times[name] * 1e6) / calls)
}
const status = run.status()
assertCounts(status)
report({ ...result, dropped: status.dropped.total, alive: sum > 0 && kept !== null })
await run.finish()
