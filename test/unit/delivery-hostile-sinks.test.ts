/** Sinks that somebody else wrote, and wrote wrongly: what they do is told clearly, and breaks no count. */
import { describe, expect, test } from 'vitest'
import { SinkError as OtherSinkError } from '../../dist/src/index.js'
import { SinkError } from '../../src/sinks/errors.js'
import { deliveredSink, upTo, valueIn, valuesIn } from './support/delivered-sink.js'

const ROWS = 10
const state = { next: ROWS }
const loop: Record<string, unknown> = {}
loop.loop = loop

/** What is wrong, what write() returns, and what the error says of it. */
const WRONG_RESULTS: [string, unknown, string][] = [
  ['nothing', null, 'write() resolved with null'],
  ['a text', 'ok', 'write() resolved with "ok"'],
  ['an array', [state], 'write() resolved with an array'],
  ['the state alone', state, 'state is undefined'],
  ['a state that is null', { state: null }, 'state is null'],
  ['a state that is a text', { state: 'x' }, 'state is "x"'],
  ['a state that is an array', { state: [1] }, 'state is an array'],
  ['a state with a bigint', { state: { next: 1n } }, 'BigInt'],
  ['a state with a loop', { state: loop }, 'circular'],
  ['a state that is a date', { state: new Date(0) }, 'state becomes "1970'],
  ['notApplicable below 0', { state, notApplicable: -1 }, 'notApplicable is -1'],
  ['notApplicable that is NaN', { state, notApplicable: Number.NaN }, 'notApplicable is NaN'],
  ['a broken number of rows', { state, notApplicable: 1.5 }, 'notApplicable is 1.5'],
  ['notApplicable as text', { state, notApplicable: '1' }, 'notApplicable is "1"'],
  ['more rows not applicable than there are', { state, notApplicable: ROWS + 1 }, `of ${ROWS}`],
  ['rejected that is a number', { state, rejected: 3 }, 'rejected is 3'],
  ['rejected row numbers', { state, rejected: [3] }, 'names row undefined'],
  ['a rejected row beyond the batch', { state, rejected: [bad(ROWS)] }, `names row ${ROWS} of ${ROWS}`],
  ['a rejected row below 0', { state, rejected: [bad(-1)] }, 'names row -1'],
  ['a rejected row that is no whole number', { state, rejected: [bad(0.5)] }, 'names row 0.5'],
  ['a row rejected twice', { state, rejected: [bad(1), bad(1)] }, 'names a row twice'],
  ['a rejected row without a reason', { state, rejected: [{ row: 1, cause: 'x' }] }, 'no cause or reason'],
  [
    'rows counted as both',
    { state, notApplicable: ROWS, rejected: [bad(0)] },
    `${ROWS} rows not applicable and 1 rejected of ${ROWS}`,
  ],
]

function bad(row: number) {
  return { row, cause: 'OLD', reason: 'too old' }
}

describe('write() that resolves with', () => {
  test.for(WRONG_RESULTS)('%s commits nothing, and is told', async ([, answer, says]) => {
    const sink = deliveredSink(ROWS, { write: () => answer })
    const { error } = await sink.slice()
    expect(error).toMatchObject({ action: 'retry', code: 'SINK_RESULT' })
    expect(error?.message).toContain('the sink "mine" is wrong')
    expect(error?.message).toContain(says)
    expect(sink.cursor()).toMatchObject({
      counts: { delivered: 0, deadLettered: 0, notApplicable: 0 },
      state: null,
    })
    // It believed that it had delivered: it is opened again, and each row is at its place.
    sink.behaviour.write = () => undefined
    expect((await sink.slice()).error).toBeNull()
    expect(sink.openedWith).toEqual([null, null])
    expect(sink.destination).toEqual(upTo(ROWS))
    expect(sink.cursor().counts.delivered).toBe(ROWS)
  })

  test('rows not applicable and rejected within bounds is counted as it says', async () => {
    const sink = deliveredSink(ROWS, { write: () => ({ state, notApplicable: 3, rejected: [bad(9)] }) })
    expect((await sink.slice()).error).toBeNull()
    expect(sink.cursor().counts).toEqual({ delivered: ROWS - 4, deadLettered: 1, notApplicable: 3 })
    expect(sink.deadLetters()).toMatchObject([{ sequence: 9, cause: 'OLD', reason: 'too old' }])
  })
})

describe('a sink that throws', () => {
  const thrown: [string, unknown, string][] = [
    ['undefined', undefined, 'undefined was thrown'],
    ['null', null, 'null was thrown'],
    ['a text', 'kaput', '"kaput" was thrown'],
    ['a number', 42, '42 was thrown'],
    ['a symbol', Symbol('no'), 'Symbol(no) was thrown'],
    ['an object without a prototype', Object.create(null), 'an object was thrown'],
    ['an error with an action of no meaning', Object.assign(new Error('odd'), { action: 'dance' }), 'odd'],
    ['an error with a code that is no text', Object.assign(new Error('odd'), { code: 7 }), 'odd'],
  ]

  test.for(['open', 'write', 'close'] as const)('anything from %s(): it is tried again', async (method) => {
    for (const [, error, says] of thrown) {
      const sink = deliveredSink(ROWS, {
        [method]: () => {
          throw error
        },
      })
      if (method === 'close') await sink.slice()
      const result = await (method === 'close' ? sink.close() : sink.slice())
      expect(result.error).toMatchObject({ action: 'retry', code: 'UNEXPECTED' })
      expect(result.error?.message).toContain(says)
      delete sink.behaviour[method]
      expect((await sink.slice()).error).toBeNull()
      expect((await sink.close()).error).toBeNull()
      expect(sink.destination).toEqual(upTo(ROWS))
      expect(sink.cursor().counts.delivered).toBe(ROWS)
    }
  })

  test('a SinkError of another copy of the package is taken at its word', async () => {
    const sink = deliveredSink(ROWS, {
      write: (batch) => {
        if (valuesIn(batch).includes(4)) throw new OtherSinkError('reject', 'BAD', 'no fours')
      },
    })
    expect(OtherSinkError).not.toBe(SinkError)
    await sink.slice()
    expect(sink.deadLetters()).toMatchObject([{ sequence: 4, cause: 'BAD', reason: 'no fours' }])
    expect(sink.cursor().counts).toMatchObject({ delivered: ROWS - 1, deadLettered: 1 })
  })

  test('any error that has an action is taken at its word: a sink need not import anything', async () => {
    const error = Object.assign(new Error('unknown key'), { action: 'pause', code: 'KEY' })
    const sink = deliveredSink(ROWS, { write: () => Promise.reject(error) })
    expect((await sink.slice()).error).toEqual({
      action: 'pause',
      code: 'KEY',
      message: 'unknown key',
      retryAfterMs: 0,
    })
  })

  test('an error of a bug opens the sink again before it writes: half a batch is laid over', async () => {
    const sink = deliveredSink(ROWS)
    await sink.slice()
    sink.journal.append(5, ROWS)
    sink.behaviour.write = (_, told) => {
      told.next = 1000
      throw new TypeError('a bug')
    }
    expect((await sink.slice()).error).toMatchObject({ message: 'a bug' })
    delete sink.behaviour.write
    await sink.slice()
    expect(sink.openedWith).toEqual([null, { next: ROWS }])
    expect(sink.destination).toEqual(upTo(ROWS + 5))
  })

  test('an error that says what to do leaves the sink open: its connection is kept', async () => {
    const sink = deliveredSink(ROWS, {
      write: () => {
        throw new SinkError('retry', 'BUSY', 'busy')
      },
    })
    await sink.slice()
    delete sink.behaviour.write
    await sink.slice()
    expect(sink.openedWith).toEqual([null])
    expect(sink.destination).toEqual(upTo(ROWS))
  })
})

test('a state that the sink changes after it has returned it is committed as it was', async () => {
  const kept = { next: 0 }
  const sink = deliveredSink(4, {
    write: (batch, told) => {
      // One object for ever, moved on before the row is known to be good.
      if (batch.count > 1) throw new SinkError('split', 'LARGE', 'one at a time')
      kept.next = told.next
      if (valueIn(batch) === 3) throw new SinkError('reject', 'BAD', 'no threes')
      return { state: kept }
    },
  })
  await sink.slice()
  expect(sink.cursor()).toMatchObject({ state: { next: 3 }, counts: { delivered: 3, deadLettered: 1 } })
})

test('a sink that changes the state it was opened with changes nothing that is committed', async () => {
  const sink = deliveredSink(ROWS)
  await sink.slice()
  sink.newThread()
  sink.behaviour.open = (_, given) => {
    if (given !== null) Object.assign(given, { next: 77 })
    throw new Error('and then fails')
  }
  await sink.slice()
  delete sink.behaviour.open
  sink.journal.append(1, ROWS)
  await sink.slice()
  expect(sink.openedWith.at(-1)).toEqual({ next: ROWS })
  expect(sink.destination).toEqual(upTo(ROWS + 1))
})

test.for([
  ['undefined', undefined, 'has no function open, write, close'],
  ['null', null, 'has no function open, write, close'],
  ['an object without methods', { open() {} }, 'has no function write, close'],
] as const)('a factory that makes %s is paused: its author must mend it', async ([, made, says]) => {
  const sink = deliveredSink(ROWS)
  globalThis.sinksOfTests.set(sink.id, () => made)
  const { error } = await sink.slice()
  expect(error).toMatchObject({ action: 'pause', code: 'SINK_MODULE' })
  expect(error?.message).toContain(says)
})

test('a factory may take its time', async () => {
  const sink = deliveredSink(ROWS)
  const create = globalThis.sinksOfTests.get(sink.id)!
  globalThis.sinksOfTests.set(sink.id, async () => create())
  expect((await sink.slice()).error).toBeNull()
  expect(sink.destination).toEqual(upTo(ROWS))
})

test('a close() that fails is made again, and then nothing fails any more', async () => {
  const sink = deliveredSink(ROWS)
  await sink.slice()
  const outcomes: string[] = []
  sink.behaviour.close = ({ status }) => {
    outcomes.push(status)
    if (outcomes.length < 3) throw new SinkError('retry', 'HTTP_503', 'later')
  }
  expect((await sink.close()).error).toMatchObject({ code: 'HTTP_503' })
  expect((await sink.close()).error).toMatchObject({ code: 'HTTP_503' })
  expect(sink.slot.lastError).toBe('later')
  expect((await sink.close()).error).toBeNull()
  expect(outcomes).toEqual(['completed', 'completed', 'completed'])
  expect({ attempts: sink.slot.attempts, lastError: sink.slot.lastError }).toEqual({
    attempts: 0,
    lastError: null,
  })
})
