/** How large batches are, how long a slice takes, and what a dead destination costs. */
import { describe, expect, test } from 'vitest'
import { backoffMs, DEFAULT_BACKOFF, MAX_RETRY_AFTER_MS } from '../../src/delivery/backoff.js'
import { BatchLimit } from '../../src/delivery/batch-limit.js'
import { SinkError } from '../../src/sinks/errors.js'
import { deliveredSink, upTo, valuesIn } from './support/delivered-sink.js'

const ROWS = 64
const BATCH_OF_JOURNAL = 1_000_000

/** How many of the requests for `rows` rows a destination with this limit refuses. */
function refusals(rows: number, limit: number): { readonly refused: number; readonly taken: number } {
  const sizes = new BatchLimit()
  const counts = { refused: 0, taken: 0 }
  for (let left = rows; left > 0; ) {
    const count = Math.min(left, sizes.rows, BATCH_OF_JOURNAL)
    if (count > limit) {
      sizes.tooLarge(count)
      counts.refused++
      continue
    }
    sizes.took(count)
    counts.taken++
    left -= count
  }
  return counts
}

describe('the size of batches', () => {
  test('a fixed limit of the destination is run into ever more seldom', () => {
    const { refused, taken } = refusals(100_000, 100)
    // 14 on the way down, then every 2nd, 4th ... 64th.
    expect(taken).toBeLessThan(2000)
    expect(refused).toBeLessThan(14 + 6 + taken / 64 + 1)
  })

  test('a limit that is lifted is left behind within some batches', () => {
    const sizes = new BatchLimit()
    for (let count = 1024; count > 1; count /= 2) sizes.tooLarge(count)
    let batches = 0
    for (; sizes.rows < 1024; batches++) sizes.took(sizes.rows)
    expect(batches).toBe(10)
  })

  test('batches that are small for want of rows say nothing of larger ones', () => {
    const sizes = new BatchLimit()
    sizes.tooLarge(100)
    for (let batch = 0; batch < 1000; batch++) sizes.took(3)
    expect(sizes.rows).toBe(50)
  })

  test('the search for a bad row forgets nothing of the size, and the size nothing of the search', () => {
    const sizes = new BatchLimit()
    sizes.tooLarge(100)
    sizes.holdsBadRow(50)
    expect(sizes.rows).toBe(25)
    sizes.took(25)
    expect(sizes.rows).toBe(13)
    sizes.holdsBadRow(1)
    for (const rows of [1, 2, 4, 8, 16, 32, 50]) {
      expect(sizes.rows).toBe(rows)
      sizes.took(rows)
    }
  })

  test('a sink says how much journal its batches hold; what makes no sense counts as nothing said', async () => {
    const rows = 20_000
    const largest = async (batchBytes?: unknown) => {
      const sink = deliveredSink(rows, { batchBytes })
      while (!(await sink.slice()).caughtUp) {
        // until all are taken
      }
      return Math.max(...sink.sizes)
    }
    const usual = await largest()
    expect(usual).toBeLessThan(rows / 2)
    expect(await largest(4 * 2 ** 20)).toBe(rows)
    expect(await largest(64 * 1024)).toBeLessThan(usual / 2)
    for (const nonsense of [0, -1, Number.NaN, '4', null]) expect(await largest(nonsense)).toBe(usual)
  })

  test('many bad rows in a row cost two requests each', async () => {
    const sink = deliveredSink(ROWS, {
      write: (batch) => {
        if (valuesIn(batch).some((value) => value < 40)) throw new SinkError('reject', 'HTTP_422', 'bad')
      },
    })
    await sink.slice()
    expect(sink.deadLetters()).toHaveLength(40)
    expect(sink.sizes.length).toBeLessThan(2 * 40 + 3 * Math.log2(ROWS))
  })

  test('a time-out halves the batch; when batches are taken they grow again', async () => {
    const sink = deliveredSink(ROWS, { write: () => Promise.reject(timeout()) })
    for (let attempt = 0; attempt < 5; attempt++) await sink.slice()
    expect(sink.sizes).toEqual([64, 32, 16, 8, 4])
    delete sink.behaviour.write
    sink.sizes.length = 0
    await sink.slice()
    expect(sink.sizes[0]).toBe(1)
    expect(sink.sizes.reduce((sum, size) => sum + size)).toBe(ROWS)
    expect(sink.sizes.length).toBeLessThan(12)
    expect(sink.destination).toEqual(upTo(ROWS))
    expect(sink.deadLetters()).toEqual([])
  })

  test('the end of the slice halves the batch, whatever error the sink makes of it', async () => {
    const sink = deliveredSink(ROWS, {
      write: async () => {
        const signal = sink.signal()!
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
        throw new Error('a bug on the way out')
      },
    })
    for (let attempt = 0; attempt < 3; attempt++) await sink.slice({ timeoutMs: 20 })
    expect(sink.sizes).toEqual([64, 32, 16])
  })

  test('a single row that times out is tried again, and is no dead letter', async () => {
    const sink = deliveredSink(1, { write: () => Promise.reject(timeout()) })
    for (let attempt = 0; attempt < 20; attempt++) await sink.slice()
    expect(sink.cursor().counts).toEqual({ delivered: 0, deadLettered: 0, notApplicable: 0 })
    expect(sink.slot.attempts).toBe(20)
  })

  test('a thread that was ended in the middle of a write: its successor begins with half of it', async () => {
    const sink = deliveredSink(ROWS)
    sink.slot.writing = ROWS
    await sink.slice()
    expect(sink.sizes).toEqual([ROWS / 2, ROWS / 2])
    expect(sink.slot.writing).toBe(0)
    expect(sink.destination).toEqual(upTo(ROWS))
  })
})

const timeout = () => new SinkError('retry', 'TIMEOUT', 'no answer in time')
const down = () => Promise.reject(new SinkError('retry', 'HTTP_503', 'down'))

describe('a dead destination', () => {
  test('is asked with a single row after five failures, and gets full batches again at once', async () => {
    const sink = deliveredSink(ROWS, { write: down })
    for (let attempt = 0; attempt < 8; attempt++) await sink.slice()
    expect(sink.sizes).toEqual([64, 64, 64, 64, 64, 1, 1, 1])
    delete sink.behaviour.write
    sink.sizes.length = 0
    await sink.slice()
    expect(sink.sizes).toEqual([1, 63])
    expect(sink.destination).toEqual(upTo(ROWS))
  })

  test('stays dead for a thread that takes over from another one', async () => {
    const sink = deliveredSink(ROWS, { write: down })
    for (let attempt = 1; attempt <= 7; attempt++) {
      sink.newThread()
      await sink.slice()
      expect({ attempts: sink.slot.attempts, lastError: sink.slot.lastError }).toEqual({
        attempts: attempt,
        lastError: 'down',
      })
    }
    expect(sink.sizes).toEqual([64, 64, 64, 64, 64, 1, 1])
  })
})

describe('a slice', () => {
  test('that is in parts begins none after half of its time; the next one goes on with the next row', async () => {
    const sink = deliveredSink(ROWS, {
      write: ({ count }) => {
        if (count > 16) throw new SinkError('split', 'LARGE', 'sixteen at most')
        // Blocks, so that no timer can end the slice before the clock is looked at.
        for (const end = performance.now() + 60; performance.now() < end; );
      },
    })
    const delivered: number[] = []
    while (delivered.at(-1) !== ROWS) {
      expect((await sink.slice({ timeoutMs: 100 })).error).toBeNull()
      delivered.push(sink.cursor().counts.delivered)
    }
    expect(delivered).toEqual([16, 32, 48, 64])
    expect(sink.destination).toEqual(upTo(ROWS))
  })

  test('has a signal of its own, which is aborted when its time is over', async () => {
    const signals: AbortSignal[] = []
    const sink = deliveredSink(ROWS, {
      open: (context) => {
        const { signal } = context
        signals.push(signal)
        return new Promise((_, reject) => {
          if (signal.aborted) reject(new Error('aborted'))
          signal.addEventListener('abort', () => reject(new Error('aborted')))
        })
      },
    })
    for (let attempt = 0; attempt < 3; attempt++) {
      expect((await sink.slice({ timeoutMs: 5 })).error).toMatchObject({ message: 'aborted' })
    }
    expect(new Set(signals).size).toBe(3)
  })

  test('that finds nothing left to deliver ends the failures before it', async () => {
    const sink = deliveredSink(0, { open: () => Promise.reject(new Error('not yet')) })
    await sink.slice()
    expect({ attempts: sink.slot.attempts, lastError: sink.slot.lastError }).toEqual({
      attempts: 1,
      lastError: 'not yet',
    })
    delete sink.behaviour.open
    expect(await sink.slice()).toMatchObject({ caughtUp: true, error: null })
    expect({ attempts: sink.slot.attempts, lastError: sink.slot.lastError }).toEqual({
      attempts: 0,
      lastError: null,
    })
  })
})

describe('the time that a server asks for', () => {
  const wait = (retryAfterMs: number) => backoffMs(0, retryAfterMs, DEFAULT_BACKOFF, () => 1)

  test.for([Number.NaN, Number.NEGATIVE_INFINITY, -1, -1e300, 0])('%d counts as none', (asked) => {
    expect(wait(asked)).toBe(DEFAULT_BACKOFF.baseMs)
  })

  test.for([MAX_RETRY_AFTER_MS + 1, 365 * 24 * 3_600_000, 1e300, Number.POSITIVE_INFINITY])(
    '%d is cut to an hour',
    (asked) => {
      expect(wait(asked)).toBe(MAX_RETRY_AFTER_MS)
    },
  )

  test('is waited for to the millisecond, and never less', () => {
    for (const asked of [1000, 90_000.5, MAX_RETRY_AFTER_MS]) expect(wait(asked)).toBe(Math.ceil(asked))
  })
})

describe('bad rows', () => {
  test.for([1, 2, 3])('%d of them among many cost some requests each', async (bad) => {
    const refused = [7, 31, 60].slice(0, bad)
    const sink = deliveredSink(ROWS, {
      write: (batch) => {
        if (valuesIn(batch).some((value) => refused.includes(value))) {
          throw new SinkError('reject', 'HTTP_422', 'a bad row')
        }
      },
    })
    await sink.slice()
    expect(sink.sizes.length).toBeLessThanOrEqual(2 + bad * (2 * Math.log2(ROWS) + 3))
    expect(sink.deadLetters().map(({ sequence }) => sequence)).toEqual(refused)
    expect(sink.destination).toEqual(upTo(ROWS).filter((value) => !refused.includes(value)))
  })
})
