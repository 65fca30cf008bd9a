/** A sink that asks to begin again: it is believed, but not for ever. */
import { expect, test } from 'vitest'
import { MAX_REBUILDS } from '../../src/delivery/rebuild.js'
import { SinkError } from '../../src/sinks/errors.js'
import { deliveredSink, upTo, valueIn } from './support/delivered-sink.js'

const ROWS = 10
const rebuild = () => new SinkError('rebuild', 'GONE', 'the file is gone')

test('a sink that always asks for it is paused after some, whichever call it asks in', async () => {
  for (const method of ['open', 'write', 'close'] as const) {
    const sink = deliveredSink(ROWS, { [method]: () => Promise.reject(rebuild()) })
    const actions: string[] = []
    for (let slice = 0; slice < 20 && actions.at(-1) !== 'pause'; slice++) {
      let { caughtUp, error } = await sink.slice()
      if (caughtUp && error === null) error = (await sink.close()).error
      if (error !== null) actions.push(error.action)
    }
    expect({ method, actions }).toEqual({
      method,
      actions: [...Array(MAX_REBUILDS).fill('rebuild'), 'pause'],
    })
    expect(sink.slot.lastError).toContain('came no further: the file is gone')
  }
})

test('a sink that takes a batch before each rebuild is paused too: it comes no further', async () => {
  let taken = 0
  const sink = deliveredSink(ROWS, {
    open: () => {
      taken = 0
    },
    write: ({ count }) => {
      if (count > 3) throw new SinkError('split', 'LARGE', 'three at most')
      if (++taken === 2) throw rebuild()
    },
  })
  let paused = false
  for (let slice = 0; slice < 30 && !paused; slice++) {
    const { error } = await sink.slice()
    paused = error?.action === 'pause'
    if (paused) expect(error?.code).toBe('REBUILD_LOOP')
  }
  expect(paused).toBe(true)
})

test('a person who has looked gets as many again', async () => {
  const sink = deliveredSink(ROWS, { open: () => Promise.reject(rebuild()) })
  for (let slice = 0; slice <= MAX_REBUILDS; slice++) await sink.slice()
  expect(sink.cursor().rebuilds).toBeUndefined()
  sink.newThread()
  expect((await sink.slice()).error).toMatchObject({ action: 'rebuild' })
  delete sink.behaviour.open
  expect((await sink.slice()).error).toBeNull()
  expect(sink.destination).toEqual(upTo(ROWS))
})

test('a destination that is lost again and again, with more in it each time, is filled again each time', async () => {
  const sink = deliveredSink(ROWS)
  for (let loss = 1; loss <= 3 * MAX_REBUILDS; loss++) {
    expect((await sink.slice()).error).toBeNull()
    sink.journal.append(1, ROWS - 1 + loss)
    sink.destination.length = 0
    sink.behaviour.write = () => Promise.reject(rebuild())
    expect((await sink.slice()).error).toMatchObject({ action: 'rebuild' })
    delete sink.behaviour.write
    expect((await sink.slice()).error).toBeNull()
    expect(sink.destination).toEqual(upTo(ROWS + loss))
    expect(sink.cursor().counts.delivered).toBe(ROWS + loss)
  }
})

test('a sink that misses lines when it is closed is filled again, and closed again', async () => {
  const sink = deliveredSink(ROWS)
  await sink.slice()
  sink.destination.length = 4
  sink.behaviour.close = () => {
    if (sink.destination.length < ROWS) throw rebuild()
  }
  expect((await sink.close()).error).toMatchObject({ action: 'rebuild' })
  expect(sink.cursor()).toMatchObject({ counts: { delivered: 0 }, state: null })
  expect((await sink.slice()).error).toBeNull()
  expect((await sink.close()).error).toBeNull()
  expect(sink.destination).toEqual(upTo(ROWS))
  expect(sink.cursor().counts.delivered).toBe(ROWS)
})

test('dead letters of before a rebuild are written once', async () => {
  const sink = deliveredSink(ROWS, {
    write: (batch) => {
      if (batch.count > 1) throw new SinkError('split', 'LARGE', 'one at a time')
      if (valueIn(batch) === 3) throw new SinkError('reject', 'BAD', 'no threes')
    },
  })
  await sink.slice()
  sink.journal.append(1, ROWS)
  const { write } = sink.behaviour
  sink.behaviour.write = () => Promise.reject(rebuild())
  await sink.slice()
  sink.behaviour.write = write!
  await sink.slice()
  expect(sink.deadLetters()).toMatchObject([{ sequence: 3 }])
  expect(sink.cursor().counts).toMatchObject({ delivered: ROWS, deadLettered: 1 })
  expect(sink.destination).toEqual(upTo(ROWS + 1).filter((value) => value !== 3))
})
