import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readCursor } from '../../src/delivery/cursor.js'
import { Feed } from '../../src/delivery/feed.js'
import { SinkSession } from '../../src/delivery/session.js'
import { FIRST_PLACE } from '../../src/journal/position.js'
import { JournalReader } from '../../src/journal/reader.js'
import { addRewind, type Rewind, Superseded } from '../../src/journal/rewinds.js'
import type { RecordBatch } from '../../src/record/batch.js'
import { temporaryDirectory } from '../support/directory.js'
import { JournalMaker } from '../support/journal-maker.js'
import { seededRandom } from '../support/random.js'
import { sinkContext } from './support/sink-run.js'

/** More than a reader goes over at once. */
const MANY = 600_000
const END = Number.POSITIVE_INFINITY

/** A run whose first rows are all superseded but the first, and some new ones. */
function rewoundRun(many: number): string {
  const runDir = temporaryDirectory()
  const maker = new JournalMaker(runDir)
  maker.append(many)
  addRewind(join(runDir, 'journal'), { step: 0, before: { 0: many }, time: 0 })
  maker.append(10, 1)
  maker.close()
  return runDir
}

const stepsOf = (batch: RecordBatch): number[] => [...batch.steps.subarray(0, batch.count)]

describe('rows that are superseded', () => {
  test('are those that any of the rewinds takes back', () => {
    const wrong: unknown[] = []
    for (let seed = 0; seed < 200; seed++) {
      const random = seededRandom(seed)
      const next = [0, 0, 0]
      const rewinds: Rewind[] = Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
        for (const producer of next.keys()) next[producer]! += Math.floor(random() * 4)
        const step = random() < 0.2 ? 'start' : Math.floor(random() * 10) - 3 + (random() < 0.3 ? 0.5 : 0)
        // A producer that has come later is not in the earlier ones.
        const known = [...next.entries()].filter(([, rows]) => rows > 0)
        return { step, before: Object.fromEntries(known), time: 0 }
      })
      const superseded = new Superseded(rewinds)
      for (let n = 0; n < 300; n++) {
        const [producer, sequence, at] = [random() * 4, random() * 24, random() * 14 - 4].map(Math.floor) as [
          number,
          number,
          number,
        ]
        const expected = rewinds.some(
          ({ step, before }) => (step === 'start' || at > step) && sequence < (before[producer] ?? 0),
        )
        if (superseded.has(producer, sequence, at) !== expected) wrong.push({ seed, producer, sequence, at })
      }
    }
    expect(wrong).toEqual([])
  })

  test('are gone over in parts by who asks for it, and at once by everybody else', () => {
    const runDir = rewoundRun(MANY)
    const whole = new JournalReader(join(runDir, 'journal'), { ...FIRST_PLACE, next: {} })
    expect(stepsOf(whole.read()!)[0]).toBe(0)
    expect(stepsOf(whole.read()!)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(whole.read()).toBeNull()
    whole.close()
    const feed = new Feed(runDir)
    let { after: place, paused } = feed.read(FIRST_PLACE, { end: END })
    let parts = 0
    let left = 0
    for (paused = true; paused; parts++) {
      const before = place
      const fed = feed.read(before, { end: END })
      // A second sink at the same place gets the same, and does not read it again.
      expect(feed.read(before, { end: END })).toBe(fed)
      left += fed.superseded.get(0)?.length ?? 0
      ;({ after: place, paused } = fed)
    }
    expect(parts).toBeGreaterThan(1)
    expect(left).toBeLessThan(MANY)
    expect(left).toBeGreaterThan(MANY / 2)
    feed.close()
  })

  test('count as not applicable, each once, also where a thread dies on the way over them', async () => {
    const runDir = rewoundRun(MANY)
    const steps: number[] = []
    const sink = {
      open: async () => {},
      write: async (batch: RecordBatch) => {
        steps.push(...stepsOf(batch))
        return { state: {} }
      },
      close: async () => {},
    }
    const slices: boolean[] = []
    do {
      // Each slice by a thread of its own.
      const feed = new Feed(runDir)
      const session = new SinkSession(runDir, 'made', sink, sinkContext(runDir), feed, null)
      slices.push(await session.deliver(END))
      feed.close()
    } while (slices.length < 3 || !slices.at(-1))
    expect(slices.length).toBeGreaterThan(3)
    expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(readCursor(runDir, 'made').counts).toEqual({
      delivered: 11,
      deadLettered: 0,
      notApplicable: MANY - 1,
    })
  })
})
