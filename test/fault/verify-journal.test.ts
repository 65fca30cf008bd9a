import { readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { JournalReader } from '../../dist/src/journal/reader.js'
import { repairRun } from '../../dist/src/verify/repair-run.js'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import {
  copyOf,
  countsIn,
  editBytes,
  editLines,
  eventFilesOf,
  type FinishedRun,
  finishedRun,
  flipBit,
  linesOf,
  resultsOf,
  segmentOf,
  sinkIn,
} from './support/damaged-run.js'

const BLOCK_BYTES = 32_768
const NONE = { differing: 0, missing: 0, extra: 0, onlyHere: 0 }
/** Three segments and the beginning of a fourth. */
let whole: FinishedRun
beforeAll(async () => {
  whole = await finishedRun(30_000, { journal: { segmentBytes: 2 ** 20 } }, 2)
})
afterAll(() => whole.remove())

/** The records that can still be read, as `producer:sequence`. */
function readable(dir: string): Set<string> {
  const reader = new JournalReader(join(dir, 'journal'))
  const found = new Set<string>()
  for (let batch = reader.read(); batch !== null; batch = reader.read()) {
    for (let row = 0; row < batch.count; row++) found.add(`${batch.producers[row]}:${batch.sequences[row]}`)
  }
  reader.close()
  return found
}

/** The report says exactly which records the journal has lost, and every file still holds them. */
async function expectLost(dir: string): Promise<number> {
  const report = await verifyRun(dir)
  const left = readable(dir)
  const lost = whole.records - left.size
  expect(report).toMatchObject({
    sound: false,
    lost,
    repairable: [],
    journal: { result: 'damaged', records: left.size },
  })
  const ranges = report.journal.producers.flatMap(({ producer, missing }) =>
    missing.flatMap(({ from, to }) =>
      Array.from({ length: to - from + 1 }, (_, i) => `${producer}:${from + i}`),
    ),
  )
  expect(new Set(ranges).size).toBe(ranges.length)
  expect(ranges.filter((id) => left.has(id))).toEqual([])
  expect(ranges.length + report.journal.missingAtEnd).toBe(lost)
  for (const sink of ['jsonl', 'csv']) expect(countsIn(report, sink)).toEqual({ ...NONE, onlyHere: lost })
  expect(sinkIn(report, 'tensorboard')).toMatchObject({ result: 'ok', wrong: 0, onlyHere: lost })
  expect(sinkIn(report, 'summary').result).toBe(lost > 0 ? 'unchecked' : 'ok')
  return lost
}

test('the run under test has several segments, and two producers', async () => {
  const report = await verifyRun(whole.dir)
  expect(report.journal.segments.length).toBeGreaterThanOrEqual(4)
  expect(report).toMatchObject({ sound: true, journal: { records: 60_000 } })
  expect(report.journal.producers.map(({ records }) => records)).toEqual([30_000, 30_000])
})

test('a flipped bit costs the records of its block, each of them named', async () => {
  const dir = copyOf(whole)
  flipBit(segmentOf(dir, 2), 5 * BLOCK_BYTES + 1000)
  expect(await expectLost(dir)).toBeGreaterThan(0)
  const { journal } = await verifyRun(dir)
  expect(journal.damage).toEqual([expect.objectContaining({ segment: 2, kind: 'checksum' })])
  const { offset, bytes } = journal.damage[0]!
  expect(offset + bytes).toBe(6 * BLOCK_BYTES)
})

test('a segment that is gone from the middle costs its records', async () => {
  const dir = copyOf(whole)
  rmSync(segmentOf(dir, 2))
  expect(await expectLost(dir)).toBeGreaterThan(10_000)
})

test('a segment that is cut costs what was behind the cut, though the next one is whole', async () => {
  const dir = copyOf(whole)
  truncateSync(segmentOf(dir, 1), 7 * BLOCK_BYTES + 500)
  expect(await expectLost(dir)).toBeGreaterThan(10_000)
})

test('the last segments being gone is known from run.json and from the files', async () => {
  const dir = copyOf(whole)
  const last = readdirSync(join(dir, 'journal')).length
  for (const segment of [last, last - 1]) rmSync(segmentOf(dir, segment))
  expect(await expectLost(dir)).toBeGreaterThan(10_000)
  expect((await verifyRun(dir)).journal.missingAtEnd).toBeGreaterThan(10_000)
})

test('a journal that is cut at its end is known from run.json and from the files', async () => {
  const dir = copyOf(whole)
  const last = readdirSync(join(dir, 'journal')).length
  truncateSync(segmentOf(dir, last), Math.floor(statSync(segmentOf(dir, last)).size / 2))
  expect(await expectLost(dir)).toBeGreaterThan(0)
})

test('pages of zeros cost their blocks', async () => {
  const dir = copyOf(whole)
  editBytes(segmentOf(dir, 3), (bytes) => bytes.fill(0, 8 * BLOCK_BYTES, 10 * BLOCK_BYTES))
  expect(await expectLost(dir)).toBeGreaterThan(500)
})

test('a sound sink that holds what the journal has lost is left alone', async () => {
  const dir = copyOf(whole)
  rmSync(segmentOf(dir, 2))
  const before = readFileSync(join(dir, 'metrics.jsonl'))
  const { actions } = await repairRun(dir)
  expect(actions).toEqual([])
  expect(readFileSync(join(dir, 'metrics.jsonl')).equals(before)).toBe(true)
})

test('a damaged sink is written again, and what it held of lost records is kept beside it', async () => {
  const dir = copyOf(whole)
  rmSync(segmentOf(dir, 2))
  const left = readable(dir)
  editLines(join(dir, 'metrics.jsonl'), (lines) => lines.splice(10, 1))
  editLines(join(dir, 'metrics.csv'), (lines) => lines.splice(10, 1))
  flipBit(eventFilesOf(dir)[0]!, 5000)
  const held = linesOf(join(dir, 'metrics.jsonl'))
  const { before, after, actions } = await repairRun(dir)
  expect(before.repairable).toEqual(['jsonl', 'csv', 'tensorboard'])
  expect(actions.map(({ result, kept }) => [result, kept])).toEqual([
    ['rebuilt', ['metrics.jsonl.before-repair']],
    ['rebuilt', ['metrics.csv.before-repair']],
    ['rebuilt', ['tensorboard.before-repair']],
  ])
  expect(linesOf(join(dir, 'metrics.jsonl.before-repair'))).toEqual(held)
  expect(linesOf(join(dir, 'metrics.jsonl'))).toHaveLength(left.size)
  expect(eventFilesOf(dir, '../tensorboard.before-repair').length).toBeGreaterThan(0)
  // Nothing is left but what the journal has lost; now it is counted in the sinks.
  expect(after).toMatchObject({ repairable: [], lost: before.lost })
  expect(resultsOf(after)).toEqual({ jsonl: 'ok', csv: 'ok', tensorboard: 'ok', summary: 'unchecked' })
  expect(sinkIn(after, 'jsonl').cursor).toMatchObject({ deadLettered: before.lost, lostBehind: before.lost })
})

test('an earlier copy of a repair is never overwritten', async () => {
  const dir = copyOf(whole)
  rmSync(segmentOf(dir, 2))
  for (const copies of [1, 2]) {
    editLines(join(dir, 'metrics.jsonl'), (lines) => lines.splice(0, 1))
    await repairRun(dir)
    expect(readdirSync(dir).filter((name) => name.startsWith('metrics.jsonl.before-repair'))).toHaveLength(
      copies,
    )
  }
})

test('a journal that is gone leaves the files as the only copy: they are not touched', async () => {
  const dir = copyOf(whole)
  rmSync(join(dir, 'journal'), { recursive: true })
  editLines(join(dir, 'metrics.jsonl'), (lines) => {
    lines[3] = '?'
  })
  const before = readFileSync(join(dir, 'metrics.jsonl'))
  const report = await repairRun(dir)
  expect(report.after).toMatchObject({ sound: false, lost: whole.records, journal: { result: 'missing' } })
  expect(report.actions.every(({ result }) => result === 'left')).toBe(true)
  expect(readFileSync(join(dir, 'metrics.jsonl')).equals(before)).toBe(true)
})
