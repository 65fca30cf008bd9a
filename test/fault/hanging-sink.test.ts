import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readCursor } from '../../src/delivery/cursor.js'
import { deliver, release, type Slice, type SliceResult } from '../../src/delivery/deliver.js'
import { temporaryDirectory } from '../support/directory.js'
import { JournalMaker } from '../support/journal-maker.js'
import { settlesWithin } from '../support/until.js'

declare global {
  var lateAnswers: (() => void)[]
}

const ROWS = 20

/** Slices of a sink of fixtures/sinks, as a recovery runs them. */
function recovery(fixture: string) {
  const dir = temporaryDirectory()
  const journal = new JournalMaker(dir)
  journal.append(ROWS)
  journal.close()
  onTestFinished(() => release(dir))
  globalThis.lateAnswers = []
  let lease = 0
  const slice = (hangs: string, close: Slice['close'] = null): Promise<SliceResult> =>
    deliver({
      run: { id: 'r', project: 'p', name: 'n', dir, startTime: 0 },
      sink: {
        name: 'late',
        module: join(import.meta.dirname, '..', 'fixtures', 'sinks', fixture),
        export: 'default',
        options: { hangs },
      },
      slot: null,
      producers: {},
      end: Number.POSITIVE_INFINITY,
      lease: lease++,
      timeoutMs: 20,
      live: false,
      close,
    })
  return { slice, cursor: () => readCursor(dir, 'late'), letGo: () => release(dir) }
}

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve))
const ENDED = { status: 'completed', endTime: 0 } as const

test.each([
  ['an open', 'open'],
  ['a write', 'write'],
])('%s that never ends costs a recovery its time-out, and may be tried again', async (_, hangs) => {
  const { slice, cursor } = recovery('late.mjs')
  const { caughtUp, error } = await slice(hangs)
  expect({ caughtUp, error }).toMatchObject({
    caughtUp: false,
    error: { action: 'retry', code: 'TIMEOUT' },
  })
  expect(cursor()).toMatchObject({ counts: { delivered: 0 }, state: null })
})

test('a sink whose module never ends loading costs a recovery its time-out', async () => {
  const { slice } = recovery('never-loaded.mjs')
  expect((await slice('')).error).toMatchObject({ action: 'retry', code: 'TIMEOUT' })
})

test('a close that never ends costs a recovery its time-out, and keeps what was delivered', async () => {
  const { slice, cursor } = recovery('late.mjs')
  expect((await slice('close')).error).toBeNull()
  expect((await slice('close', ENDED)).error).toMatchObject({ action: 'retry', code: 'TIMEOUT' })
  expect(cursor().counts.delivered).toBe(ROWS)
})

test('the answer of a write that was given up commits nothing, whenever it comes', async () => {
  const { slice, cursor } = recovery('late.mjs')
  await slice('write')
  const [first] = globalThis.lateAnswers
  const before = cursor()
  first!()
  await turnOfTheLoop()
  expect(cursor()).toEqual(before)
})

test('the answer of a write that was given up does not disturb the one that took its place', async () => {
  const { slice, cursor } = recovery('late.mjs')
  await slice('write')
  const second = slice('write')
  while (globalThis.lateAnswers.length < 2) await turnOfTheLoop()
  globalThis.lateAnswers[0]!()
  await turnOfTheLoop()
  expect(cursor().counts.delivered).toBe(0)
  globalThis.lateAnswers[1]!()
  expect((await second).error).toBeNull()
  expect(cursor().counts.delivered).toBe(ROWS)
})

test('a write that comes after an open that was given up is never made', async () => {
  const { slice, cursor } = recovery('late.mjs')
  await slice('open')
  expect((await slice('')).error).toBeNull()
  const { state, counts } = cursor()
  globalThis.lateAnswers[0]!()
  await turnOfTheLoop()
  expect({ state, delivered: counts.delivered }).toEqual({ state: { by: 'now' }, delivered: ROWS })
  expect(cursor().counts).toEqual(counts)
})

test('letting go of a run does not wait for a sink that never closes', async () => {
  const { slice, letGo } = recovery('late.mjs')
  expect((await slice('close')).error).toBeNull()
  expect(await settlesWithin(10_000, letGo())).toBe(true)
})
