import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SinkContext } from '../../src/sinks/sink.js'
import { OfflineSink } from '../../src/sinks/wandb/offline/sink.js'
import { wandbSettings } from '../../src/sinks/wandb/settings/settings.js'
import { readLog } from '../support/wandb-log.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import {
  COMPLETED,
  committedState,
  deliver,
  deliverThroughCrashes,
  runDirectory,
  sinkContext,
} from './support/sink-run.js'

const newContext = (dir = runDirectory(), parts: Partial<SinkContext> = {}): SinkContext =>
  sinkContext(dir, { options: { id: 'abc' }, ...parts })

const newSink = (context: SinkContext): OfflineSink => new OfflineSink(wandbSettings(context, {}))

function logOf({ runDir }: Pick<SinkContext, 'runDir'>): string {
  const parent = join(runDir, 'wandb')
  const [directory, ...others] = readdirSync(parent)
  expect(others).toEqual([])
  return join(parent, directory!, 'run-abc.wandb')
}

/** A line, but for its clocks. */
const values = (line: object) =>
  Object.fromEntries(Object.entries(line).filter(([name]) => name !== '_timestamp' && name !== '_runtime'))

describe('what a run looks like', () => {
  test('its log is where W&B looks for it, named by its start and id', async () => {
    const context = newContext()
    await deliver(newSink(context), context, [[{ metrics: { a: 1 } }]])
    expect(logOf(context)).toMatch(/\/wandb\/offline-run-\d{8}_\d{6}-abc\/run-abc\.wandb$/)
  })

  test('rows are history lines with step and clocks, one per step', async () => {
    const context = newContext()
    const rows = [
      { step: 0, time: START_TIME + 500, metrics: { a: 1, b: Number.NaN, c: -0 } },
      { step: 2, time: START_TIME + 1250, metrics: { a: 2n ** 62n } },
      { step: 2, time: START_TIME + 1500, metrics: { b: Number.NEGATIVE_INFINITY } },
    ]
    await deliver(newSink(context), context, [rows])
    const { history, steps, nums, summary } = readLog(logOf(context))
    const start = START_TIME / 1000
    expect(history).toEqual([
      { _step: 0, _timestamp: start + 0.5, _runtime: 0.5, a: 1, b: Number.NaN, c: -0 },
      { _step: 2, _timestamp: start + 1.5, _runtime: 1.5, a: 2n ** 62n, b: Number.NEGATIVE_INFINITY },
    ])
    expect(steps).toEqual([0, 2])
    expect(nums).toEqual(nums.map((_, index) => index + 1))
    expect(summary).toMatchObject({ _step: 2, a: 2n ** 62n, b: Number.NEGATIVE_INFINITY, c: -0 })
  })

  test('a run that has ended says how, after its last line', async () => {
    const outcomes = { completed: 0, failed: 1, crashed: 1, killed: 255 } as const
    for (const [status, exitCode] of Object.entries(outcomes)) {
      const context = newContext()
      const sink = newSink(context)
      await sink.open(context, null)
      await sink.write(new BatchBuilder().batch({ metrics: { a: 1 } }))
      await sink.close({ status: status as keyof typeof outcomes, endTime: START_TIME })
      expect(readLog(logOf(context))).toMatchObject({ exitCode, history: [{ a: 1 }] })
    }
  })

  test('a run without rows is a run', async () => {
    const context = newContext()
    const sink = newSink(context)
    await sink.open(context, null)
    await sink.close(COMPLETED)
    const { run, exitCode, history } = readLog(logOf(context))
    expect([run?.get(1)?.toString(), exitCode, history]).toEqual(['abc', 0, []])
  })

  test('the key of whoever runs it is not in it', async () => {
    const apiKey = '5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2'
    const context = newContext(undefined, { options: { id: 'abc', apiKey } })
    const state = await deliver(newSink(context), context, [[{ metrics: { a: 1 } }]])
    expect(readFileSync(logOf(context)).includes(apiKey)).toBe(false)
    expect(JSON.stringify(state)).not.toContain(apiKey)
  })

  test('a late row is kept with its own step, counted, and told once', async () => {
    const warned: string[] = []
    const context = newContext(undefined, { warn: (kind) => warned.push(kind) })
    const rows = [
      { step: 5, time: START_TIME, metrics: { a: 1 } },
      { step: 9, time: START_TIME + 5000, metrics: { a: 2 } },
      { step: 3, time: START_TIME + 5001, metrics: { a: 3 } },
    ]
    await deliver(newSink(context), context, [rows])
    const { history, summary } = readLog(logOf(context))
    expect(history.map(values)).toEqual([
      { _step: 5, a: 1 },
      { _step: 9, a: 2 },
      { _step: 10, 'offstep/step': 3, a: 3 },
    ])
    expect(summary).toMatchObject({ 'offstep/late_rows': 1 })
    expect(warned).toEqual(['late-rows'])
  })
})

describe('what a crash leaves', () => {
  const rowArbitrary = fc.record({
    step: fc.integer({ min: 0, max: 12 }),
    metrics: fc.dictionary(fc.constantFrom('a', 'b', 'c.d', 'long'.repeat(900)), fc.double(), { minKeys: 1 }),
  })
  const lifeArbitrary = fc.record({
    batchSizes: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
    uncommitted: fc.boolean(),
  })

  test('crashes at any point, and batches of any size, make the same file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rowArbitrary, { minLength: 1, maxLength: 60 }),
        fc.array(lifeArbitrary, { maxLength: 4 }),
        async (literals, lives) => {
          const rows: RowLiteral[] = literals.map((row, index) => ({ ...row, time: START_TIME + index * 10 }))
          const [crashed, smooth] = [newContext(), newContext()]
          await deliverThroughCrashes(() => newSink(crashed), crashed, rows, lives)
          await deliver(newSink(smooth), smooth, [rows])
          expect(readFileSync(logOf(crashed)).equals(readFileSync(logOf(smooth)))).toBe(true)
          readLog(logOf(crashed))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('after each batch the log holds every row, whole', async () => {
    const context = newContext()
    const sink = newSink(context)
    const builder = new BatchBuilder()
    await sink.open(context, null)
    for (let rows = 1; rows <= 50; rows++) {
      await sink.write(builder.batch({ metrics: { a: rows } }))
      const { history, summary } = readLog(logOf(context))
      expect(history.map(({ a }) => a)).toEqual(Array.from({ length: rows }, (_, row) => row + 1))
      expect(summary).toMatchObject({ a: rows })
    }
    await sink.close(COMPLETED)
  })

  test('a run that goes on after its end loses that end, and nothing else', async () => {
    const context = newContext()
    const builder = new BatchBuilder()
    const first = newSink(context)
    await first.open(context, null)
    const { state } = await first.write(builder.batch({ metrics: { a: 1 } }))
    await first.close({ status: 'crashed', endTime: START_TIME })
    const second = newSink(context)
    await second.open(context, committedState(state))
    await second.write(builder.batch({ metrics: { a: 2 } }))
    await second.close(COMPLETED)
    const { history, exitCode, nums } = readLog(logOf(context))
    expect(history.map(({ a }) => a)).toEqual([1, 2])
    expect(exitCode).toBe(0)
    expect(nums).toEqual(nums.map((_, index) => index + 1))
  })

  test('a log that was cut or removed is written again from the journal', async () => {
    for (const damage of [(path: string) => truncateSync(path, 20), (path: string) => rmSync(path)]) {
      const context = newContext()
      const rows = [{ metrics: { a: 1 } }, { metrics: { a: 2 } }]
      const state = await deliver(newSink(context), context, [rows])
      damage(logOf(context))
      await expect(newSink(context).open(context, state)).rejects.toMatchObject({ action: 'rebuild' })
      await deliver(newSink(context), context, [rows])
      expect(readLog(logOf(context)).history).toHaveLength(2)
    }
  })

  test('bytes that a restart of the machine has changed are found', async () => {
    const context = newContext()
    const state = await deliver(newSink(context), context, [[{ metrics: { a: 1 } }, { metrics: { a: 2 } }]])
    const bytes = readFileSync(logOf(context))
    bytes[30]! ^= 1
    writeFileSync(logOf(context), bytes)
    const after = newContext(context.runDir, { suspect: true })
    await expect(newSink(after).open(after, state)).rejects.toMatchObject({ code: 'FILE_CHANGED' })
  })

  test('bytes that are the same after a restart of the machine are gone on with', async () => {
    const context = newContext()
    const state = await deliver(newSink(context), context, [[{ metrics: { a: 1 } }, { metrics: { a: 2 } }]])
    const after = newContext(context.runDir, { suspect: true })
    await deliver(newSink(after), after, [[{ step: 2, metrics: { a: 3 } }]], state)
    expect(readLog(logOf(context)).history).toMatchObject([{ a: 1 }, { a: 2 }, { a: 3 }])
  })

  test('a state that is not one of its own asks for the journal from its beginning', async () => {
    const context = newContext()
    const state = (await deliver(newSink(context), context, [[{ metrics: { a: 1 } }]]))!
    for (const part of ['directory', 'part', 'runId', 'root', 'length', 'crc', 'num', 'history', 'summary']) {
      const { [part]: _, ...rest } = state
      await expect(newSink(context).open(context, rest)).rejects.toMatchObject({ code: 'STATE_INVALID' })
    }
  })
})

describe('where it is', () => {
  test('a run stays where it began, with its id, whatever the environment says later', async () => {
    const elsewhere = runDirectory()
    const context = newContext()
    const began = new OfflineSink(wandbSettings(context, { WANDB_DIR: elsewhere }))
    const state = await deliver(began, context, [[{ metrics: { a: 1 } }]])
    const later = sinkContext(context.runDir, { options: { id: 'other' } })
    await deliver(newSink(later), later, [[{ step: 1, metrics: { a: 2 } }]], state)
    expect(readLog(logOf({ runDir: elsewhere })).history).toHaveLength(2)
    expect(existsSync(join(context.runDir, 'wandb'))).toBe(false)
  })
})

describe('a run that goes on after an upload', () => {
  /** As `wandb sync` does. */
  const markUploaded = (log: string) => writeFileSync(`${log}.synced`, '')
  const logs = ({ runDir }: SinkContext): string[] =>
    readdirSync(join(runDir, 'wandb'))
      .sort()
      .map((directory) => join(runDir, 'wandb', directory, 'run-abc.wandb'))

  test('goes on in a part of its own, with what was not uploaded', async () => {
    const context = newContext()
    const rows = [{ metrics: { a: 1 } }, { metrics: { a: 2, b: 5 } }]
    const state = await deliver(newSink(context), context, [rows])
    const before = readFileSync(logOf(context))
    markUploaded(logOf(context))
    const after = await deliver(newSink(context), context, [[{ step: 1, metrics: { a: 3 } }]], state)
    await deliver(newSink(context), context, [[{ step: 8, metrics: { a: 4 } }]], after)
    const [first, second, ...others] = logs(context)
    expect(others).toEqual([])
    expect(readFileSync(first!).equals(before)).toBe(true)
    const { run, history, summary } = readLog(second!)
    expect(run?.get(1)?.toString()).toBe('abc')
    expect(history.map(values)).toEqual([
      { _step: 2, 'offstep/step': 1, a: 3 },
      { _step: 8, a: 4 },
    ])
    expect(summary).toMatchObject({ _step: 8, a: 4, b: 5 })
  })

  test('has its newest row in the next part, where a crash kept it out of the upload', async () => {
    const context = newContext()
    const rows = [{ metrics: { a: 1 } }, { metrics: { a: 2 }, time: START_TIME + 5000 }]
    const state = await deliver(newSink(context), context, [rows])
    truncateSync(logOf(context), state!.length as number)
    markUploaded(logOf(context))
    await deliver(newSink(context), context, [[{ step: 1, metrics: { b: 3 } }]], state)
    expect(readLog(logs(context)[1]!).history.map(values)).toEqual([{ _step: 1, a: 2, b: 3 }])
  })

  test('is told of, where the upload brought rows that were not committed', async () => {
    const warned: string[] = []
    const context = newContext(undefined, { warn: (kind) => warned.push(kind) })
    const state = await deliver(newSink(context), context, [[{ metrics: { a: 1 } }]])
    const later = { step: 1, metrics: { a: 2 } }
    await deliver(newSink(context), context, [[later]], state)
    markUploaded(logOf(context))
    await deliver(newSink(context), context, [[later]], state)
    expect(warned).toEqual(['uploaded-ahead'])
  })

  test('makes the same part again, where a crash came before its first commit', async () => {
    const context = newContext()
    const state = await deliver(newSink(context), context, [[{ metrics: { a: 1 } }]])
    markUploaded(logOf(context))
    for (let attempt = 0; attempt < 2; attempt++) {
      await deliver(newSink(context), context, [[{ step: 4, metrics: { a: 2 } }]], state)
    }
    expect(logs(context)).toHaveLength(2)
    // Named by the run's start, so that another day finds the same.
    expect(logs(context)[1]).toMatch(/offline-run-202411\d\d_\d\d\d\d41-abc/)
    expect(readLog(logs(context)[1]!).history).toMatchObject([{ _step: 4, a: 2 }])
  })

  test('has no other part, where it only ends', async () => {
    const context = newContext()
    const state = await deliver(newSink(context), context, [[{ metrics: { a: 1 } }]])
    markUploaded(logOf(context))
    const sink = newSink(context)
    await sink.open(context, state)
    await sink.close(COMPLETED)
    expect(logs(context)).toHaveLength(1)
  })

  test('is told of, where it has to be written again from its beginning, and the upload is left alone', async () => {
    const warned: string[] = []
    const context = newContext(undefined, { warn: (kind) => warned.push(kind) })
    const rows = [{ metrics: { a: 1 } }, { metrics: { a: 2 } }]
    await deliver(newSink(context), context, [rows])
    const before = readFileSync(logOf(context))
    markUploaded(logOf(context))
    await deliver(newSink(context), context, [rows])
    expect(warned).toEqual(['uploaded-log'])
    expect(readFileSync(logs(context)[0]!).equals(before)).toBe(true)
    expect(readLog(logs(context)[1]!).history).toMatchObject([{ a: 1 }, { a: 2 }])
  })

  test('goes on in its next part, where the mark of the upload goes while it is open', async () => {
    const context = newContext()
    const state = await deliver(newSink(context), context, [[{ metrics: { a: 1 } }]])
    const [log] = logs(context)
    markUploaded(log!)
    const sink = newSink(context)
    await sink.open(context, state)
    rmSync(`${log}.synced`)
    await sink.write(new BatchBuilder().batch({ step: 3, metrics: { a: 2 } }))
    await sink.close(COMPLETED)
    expect(readLog(logs(context)[1]!)).toMatchObject({ history: [{ _step: 3, a: 2 }], exitCode: 0 })
  })

  test('has its newest row in the log, once that was opened again', async () => {
    const context = newContext()
    const state = await deliver(newSink(context), context, [[{ metrics: { a: 1 } }]])
    await deliver(newSink(context), context, [], state)
    expect(readLog(logOf(context)).history).toMatchObject([{ a: 1 }])
  })
})
