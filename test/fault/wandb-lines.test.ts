/** The lines of random calls, in batches of random sizes, are those of an oracle that knows the rule alone. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { closeHistory, mergeRows, noHistory } from '../../src/sinks/wandb/history/history.js'
import { MetricNames } from '../../src/sinks/wandb/history/names.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { type Call, CallMaker } from '../support/wandb-calls.js'
import { WandbOracle } from '../support/wandb-oracle.js'
import { parseLine } from '../support/wandb-server/extended-json.js'
import { BatchBuilder, type RowLiteral, START_TIME } from '../unit/support/batches.js'
import { runDirectory } from '../unit/support/sink-run.js'

const SEEDS = countFromEnv('OFFSTEP_WANDB_LINES', 1000)

const rowOf = (call: Call): RowLiteral =>
  call.kind === 'row'
    ? { step: call.step, time: call.time, metrics: call.values, producer: call.producer }
    : { step: call.step, time: call.time, media: call.record, producer: 65535 }

function linesOf(runDir: string, calls: readonly Call[], random: () => number): object[] {
  const builder = new BatchBuilder()
  const names = new MetricNames()
  const lines: string[] = []
  let state = noHistory()
  for (let at = 0; at < calls.length; ) {
    const count = 1 + Math.floor(random() * 20)
    const batch = builder.batchOf(calls.slice(at, at + count).map(rowOf))
    const merged = mergeRows(state, batch, names, { runDir })
    lines.push(...merged.lines.map((line) => line.text(START_TIME)))
    state = JSON.parse(JSON.stringify(merged.state))
    at += count
  }
  lines.push(...closeHistory(state).lines.map((line) => line.text(START_TIME)))
  return lines.map((line) => withoutPaths(parseLine(line)))
}

function withoutPaths(line: object): object {
  const entries = Object.entries(line).map(([name, value]) => {
    const { path: _path, ...rest } = Object(value)
    return [name, typeof value === 'object' ? rest : value]
  })
  return Object.fromEntries(entries)
}

test('rows, media and metric definitions in any order and batches of any size', () => {
  const runDir = runDirectory()
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = seededRandom(seed)
    const calls = new CallMaker(random).calls(20 + Math.floor(random() * 150), Math.floor(random() * 50))
    for (const call of calls) {
      if (call.kind === 'row' || call.bytes === undefined) continue
      const path = join(runDir, call.record.file!.path)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, call.bytes)
    }
    const oracle = new WandbOracle(calls, new Set())
    expect(linesOf(runDir, calls, random), `seed ${seed}`).toEqual(oracle.history)
  }
})
