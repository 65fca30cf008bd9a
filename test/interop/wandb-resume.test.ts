/** A run of W&B's own client is resumed by ours, and one of ours by theirs: nothing is written over. */
import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../support/directory.js'
import { until } from '../support/until.js'
import { startWandbServer } from '../support/wandb-server/server.js'
import type { StoredRun } from '../support/wandb-server/stored-run.js'
import { WandbClient } from './wandb-support/client.js'

const ID = 'shared'
/** Rows of each part of a run. */
const ROWS = 5

async function started() {
  const server = await startWandbServer()
  const client = new WandbClient(server)
  const dir = temporaryDirectory()
  onTestFinished(async () => {
    client.stop()
    await server.close()
    rmSync(client.home, { recursive: true, force: true })
  })
  const succeed = async (ended: ReturnType<WandbClient['program']>) => {
    const { code, output } = await ended
    expect(code, output).toBe(0)
    return output
  }
  const part = (first: number) => [String(first), String(ROWS)] as const
  return {
    server,
    /** Asked to stop when a sample of the system has come. */
    ours: async (resume: string, first: number) => {
      const events = () => server.backend.runs[0]?.events.length ?? 0
      const before = events()
      const ended = succeed(client.ours('online-run.mjs', dir, ID, resume, ...part(first)))
      await Promise.race([ended, until('a sample has come', () => events() > before)])
      server.stopped.add(ID)
      await ended
      server.stopped.delete(ID)
    },
    theirs: (resume: string, first: number) =>
      succeed(client.program('resumable_run.py', ID, resume, ...part(first))),
  }
}

interface Part {
  readonly history: readonly (string | undefined)[]
  readonly events: readonly (string | undefined)[]
  readonly console: readonly (string | undefined)[]
  readonly runtime: number
}

const FILES = { history: 'wandb-history.jsonl', events: 'wandb-events.jsonl', console: 'output.log' } as const

const partOf = (run: StoredRun): Part => ({
  history: [...run.lines(FILES.history)],
  events: [...run.lines(FILES.events)],
  console: [...run.lines(FILES.console)],
  runtime: Math.max(...run.history.map(({ _runtime }) => Number(_runtime))),
})

/** The lines of the part before are as they were, and those of this one are behind them. */
function expectBehind(run: StoredRun, before: Part): void {
  const now = partOf(run)
  for (const file of ['history', 'events', 'console'] as const) {
    expect(now[file].slice(0, before[file].length)).toEqual(before[file])
  }
  for (const line of run.history.slice(before.history.length)) {
    expect(line._runtime).toBeGreaterThanOrEqual(before.runtime)
  }
}

function expectParts(run: StoredRun, rows: number, printed: readonly string[]): void {
  expect(run.history.map(({ _step, value }) => [_step, value])).toEqual(
    Array.from({ length: rows }, (_, row) => [row, row]),
  )
  const texts = run.console.map((line) => line!.replace(/^(ERROR )?\S+ /, ''))
  // Their client captures its own words, too.
  expect(texts.filter((text) => /^(ours|theirs) \d+$/.test(text))).toEqual(printed)
  expect(run.complete).toBe(true)
  expect(run.summary).toMatchObject({ value: rows - 1, _step: rows - 1 })
  expect(run.config).toMatchObject({ ours: { value: true }, theirs: { value: true } })
}

const printedBy = (who: string, first: number) =>
  Array.from({ length: ROWS }, (_, row) => `${who} ${first + row}`)

test.for(['allow', 'must'])('a run of theirs is resumed by ours with "%s"', async (resume) => {
  const { server, ours, theirs } = await started()
  await theirs('never', 0)
  const run = server.run(ID)
  const before = partOf(run)
  await ours(resume, ROWS)
  expect(server.errors).toEqual([])
  expectBehind(run, before)
  expectParts(run, 2 * ROWS, [...printedBy('theirs', 0), ...printedBy('ours', ROWS)])
})

test('a run of ours is resumed by theirs, and by ours again', async () => {
  const { server, ours, theirs } = await started()
  await ours('never', 0)
  const run = server.run(ID)
  const first = partOf(run)
  const output = await theirs('must', ROWS)
  const known = JSON.parse(/known: (.*)/.exec(output)![1]!)
  expect(known).toMatchObject({ resumed: true, value: ROWS - 1, config: { ours: true } })
  expectBehind(run, first)
  const second = partOf(run)
  await ours('must', 2 * ROWS)
  expect(server.errors).toEqual([])
  expectBehind(run, second)
  const printed = [...printedBy('ours', 0), ...printedBy('theirs', ROWS), ...printedBy('ours', 2 * ROWS)]
  expectParts(run, 3 * ROWS, printed)
})
