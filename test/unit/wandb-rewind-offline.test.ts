/** Runs that were offline at W&B, and were resumed from an earlier step: their logs, and what is uploaded of them. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { markUploaded } from '../../src/sinks/wandb/offline/run-directory.js'
import { type Call, FIRST_CALL } from '../support/wandb-calls.js'
import { readLog } from '../support/wandb-log.js'
import { startWandbServer, type WandbServer } from '../support/wandb-server/server.js'
import { COMPLETED } from './support/sink-run.js'
import { RewoundRun } from './support/wandb-rewound.js'

const OFFLINE = { mode: 'offline', id: 'abc', silent: true }

async function started(): Promise<WandbServer> {
  const server = await startWandbServer()
  onTestFinished(() => server.stop())
  return server
}

/** Ten seconds apart: each row closes the line of the one before. */
const rows = (from: number, to: number, life = 0): Call[] =>
  Array.from({ length: to - from }, (_, index) => ({
    kind: 'row',
    producer: 0,
    step: from + index,
    time: FIRST_CALL + life * 1e6 + (from + index) * 10_000,
    values: { value: from + index + life / 10 },
  }))

/** Value of each step: of a first life up to `to`, and of a second one. */
const lives = (to: number, end: number) =>
  Array.from({ length: end }, (_, step) => [step, step <= to ? step : step + 0.1])

const logsOf = ({ runDir }: RewoundRun): string[] =>
  readdirSync(join(runDir, 'wandb'))
    .filter((name) => name.startsWith('offline-run-'))
    .sort()
    .map((directory) => join(runDir, 'wandb', directory, 'run-abc.wandb'))

const stepsIn = (log: string) => readLog(log).history.map(({ _step, value }) => [_step, value])

async function rewound(run: RewoundRun, between: () => void = () => {}): Promise<void> {
  run.log(...rows(0, 20))
  await run.deliver()
  await run.close(COMPLETED)
  between()
  run.resume(10, FIRST_CALL + 1e6)
  run.log(...rows(11, 30, 1))
  await run.deliver()
  await run.close(COMPLETED)
}

test('an offline log is written anew, without what was superseded', async () => {
  const run = new RewoundRun(await started(), 'r', { options: OFFLINE })
  await rewound(run)
  const logs = logsOf(run)
  expect(logs).toHaveLength(1)
  expect(stepsIn(logs[0]!)).toEqual(lives(10, 30))
  expect(run.told).toEqual([])
})

test('an offline log that was uploaded is left alone, and the one behind it has the whole run', async () => {
  const run = new RewoundRun(await started(), 'r', { options: OFFLINE })
  await rewound(run, () => markUploaded(logsOf(run)[0]!))
  expect(run.told).toEqual([expect.stringContaining('upload that with "offstep sync"')])
  expect(logsOf(run).map(stepsIn)).toEqual([lives(19, 20), lives(10, 30)])

  for (const log of logsOf(run)) markUploaded(log)
  run.resume('start', FIRST_CALL + 2e6)
  run.log(...rows(0, 3))
  await run.deliver()
  await run.close(COMPLETED)
  expect(logsOf(run).map(stepsIn)).toEqual([lives(19, 20), lives(10, 30), lives(3, 3)])
})

test('a run that `offstep sync` has uploaded is rewound by the next upload', async () => {
  const server = await started()
  const run = new RewoundRun(server, 'r', { sink: 'wandb-upload' })
  await rewound(run)
  expect(run.stored.history.map(({ _step, value }) => [_step, value])).toEqual(lives(10, 30))
  expect(server.requestsOf('RewindRun')).toHaveLength(1)
  expect(server.errors).toEqual([])
})

test('a run that `wandb sync` has uploaded before it was rewound is taken back, and uploaded whole', async () => {
  const server = await started()
  const synced = new RewoundRun(server, 'r', { sink: 'wandb-upload' })
  synced.log(...rows(0, 20))
  await synced.deliver()
  await synced.close(COMPLETED)
  const run = new RewoundRun(server, 'r', { sink: 'wandb-upload' })
  run.log(...rows(0, 20))
  run.resume(10, FIRST_CALL + 1e6)
  run.log(...rows(11, 30, 1))
  await run.deliver()
  await run.close(COMPLETED)
  expect(run.stored.history.map(({ _step, value }) => [_step, value])).toEqual(lives(10, 30))
  expect(server.requestsOf('RewindRun')).toHaveLength(1)
  expect(server.errors).toEqual([])
})
