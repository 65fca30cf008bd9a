/** The index is made straight from the frames of a journal where all is in order; what it holds must be what a reader gives. */
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FIRST_PLACE } from '../../src/journal/position.js'
import { JournalReader } from '../../src/journal/reader.js'
import { addRewind } from '../../src/journal/rewinds.js'
import { PlainRows } from '../../src/store/series/plain-rows.js'
import { SeriesIndex } from '../../src/store/series/series-index.js'
import { SeriesTable } from '../../src/store/series/series-table.js'
import { temporaryDirectory } from '../support/directory.js'
import { JournalMaker } from '../support/journal-maker.js'
import { countFromEnv, seededRandom } from '../support/random.js'

const METRICS = 40
const ROUNDS = countFromEnv('OFFSTEP_SERIES_ROUNDS', 15)

/** Rows of two producers in several segments: each metric has so few points that the index has each by itself. */
function makeJournal(rows = 8000): { readonly runDir: string; readonly journal: string } {
  const runDir = temporaryDirectory()
  const maker = new JournalMaker(runDir, { producers: 2, segmentBytes: 256 * 1024 })
  for (let step = 0; step < rows; step++) {
    const values: Record<string, number> = { [`a${step % METRICS}`]: Math.sin(step) }
    values[`b${step % METRICS}`] = step % 977 === 5 ? Number.NaN : step
    if (step % 50 === 0) Object.assign(values, { count: 2n ** 60n + BigInt(step) })
    // Names come all through the journal.
    if (step % 500 === 0) values[`late${step}`] = step
    maker.row(values, step, step % 3 === 0 ? 1 : 0)
    if (step % 100 === 0) maker.flush()
  }
  maker.flush()
  maker.close()
  return { runDir, journal: join(runDir, 'journal') }
}

type Points = Record<string, [step: number, time: number, value: number][]>

function pointsOfReader(journal: string): Points {
  const points: Points = {}
  const reader = new JournalReader(journal)
  for (let batch = reader.read(); batch !== null; batch = reader.read()) {
    for (let row = 0; row < batch.count; row++) {
      for (let slot = batch.offsets[row]!; slot < batch.offsets[row + 1]!; slot++) {
        const key = `${batch.producers[row]} ${batch.names[batch.keys[slot]!]}`
        points[key] ??= []
        points[key].push([batch.steps[row]!, batch.times[row]!, batch.values[slot]!])
      }
    }
  }
  reader.close()
  return points
}

function pointsOfIndex(index: SeriesIndex): Points {
  const entries = index.metrics.map(({ producer, name }) => {
    const pyramid = index.pyramid(producer, name)!
    const points = Array.from({ length: pyramid.entries }, (_, entry) => [...pyramid.pointsOf(entry)]).flat()
    expect(pyramid.nonFinite).toBe(points.filter(({ value }) => !Number.isFinite(value)).length)
    return [`${producer} ${name}`, points.map(({ step, time, value }) => [step, time, value])]
  })
  return Object.fromEntries(entries) as Points
}

function indexed(runDir: string): Points {
  const index = new SeriesIndex(runDir)
  index.update()
  const points = pointsOfIndex(index)
  index.close()
  return points
}

function readPlain(journal: string): { readonly whole: boolean; readonly rows: number } {
  const table = new SeriesTable()
  const reader = new PlainRows(journal, FIRST_PLACE, table)
  const whole = reader.read()
  reader.close()
  return { whole, rows: table.rows }
}

function damage(journal: string, random: () => number): void {
  const segments = readdirSync(journal).filter((name) => name.endsWith('.log'))
  const file = join(journal, segments[Math.floor(random() * segments.length)]!)
  const bytes = readFileSync(file)
  const from = Math.floor(random() * bytes.length)
  // From one byte to more than two blocks, in which a name and its copy stand.
  bytes.fill(0xa5, from, Math.min(bytes.length, from + Math.ceil(random() ** 4 * 80_000)))
  writeFileSync(file, random() < 0.2 ? bytes.subarray(0, from) : bytes)
}

describe('the index of a journal', () => {
  test('holds every point of every producer, and is made without columns where all is in order', () => {
    const { runDir, journal } = makeJournal()
    expect(readPlain(journal)).toEqual({ whole: true, rows: 8000 })
    expect(indexed(runDir)).toEqual(pointsOfReader(journal))
    expect(indexed(runDir)).toEqual(pointsOfReader(journal))
  })

  test('goes on in the middle of a segment, where names were told before', () => {
    for (const rows of [3000, 3001, 7999]) {
      const part = temporaryDirectory()
      const maker = new JournalMaker(part, { segmentBytes: 256 * 1024 })
      const log = (from: number, to: number): void => {
        for (let step = from; step < to; step++) maker.row({ [`m${step % METRICS}`]: step }, step)
        maker.flush()
      }
      log(0, rows)
      const index = new SeriesIndex(part)
      index.update()
      log(rows, 8000)
      index.update()
      expect(index.rows).toBe(8000)
      expect(pointsOfIndex(index)).toEqual(pointsOfReader(join(part, 'journal')))
      index.close()
    }
  })

  test('holds of a damaged journal what a reader gives, wherever the damage is', () => {
    const { runDir, journal } = makeJournal()
    const whole = new Map(readdirSync(journal).map((name) => [name, readFileSync(join(journal, name))]))
    let stopped = 0
    for (let seed = 0; seed < ROUNDS; seed++) {
      rmSync(join(runDir, 'index'), { recursive: true, force: true })
      for (const [name, bytes] of whole) writeFileSync(join(journal, name), bytes)
      damage(journal, seededRandom(seed))
      if (!readPlain(journal).whole) stopped++
      expect(indexed(runDir), `seed ${seed}`).toEqual(pointsOfReader(journal))
    }
    expect(stopped).toBeGreaterThan(ROUNDS / 2)
  })

  test('goes on where the blocks that told the names are damaged meanwhile: no row is missing', () => {
    const runDir = temporaryDirectory()
    const maker = new JournalMaker(runDir)
    const log = (from: number, to: number): void => {
      for (let step = from; step < to; step++) maker.row({ [`m${step % 2}`]: step }, step)
      maker.flush()
    }
    log(0, 3000)
    indexed(runDir)
    const fd = openSync(join(runDir, 'journal', '000001.log'), 'r+')
    // Not the end, by which an index knows its journal.
    writeSync(fd, Buffer.alloc(fstatSync(fd).size - 8192, 0xa5))
    closeSync(fd)
    log(3000, 3500)
    const points = Object.values(indexed(runDir)).flat()
    expect(points.map(([step]) => step).sort((a, b) => a - b)).toEqual([...Array(3500).keys()])
    maker.close()
  })

  test('leaves out the rows that a resumed run has superseded, also where they were in it before', () => {
    const { runDir, journal } = makeJournal(3000)
    const before = indexed(runDir)
    expect(before['0 b1']!.some(([step]) => step > 2000)).toBe(true)
    const open = new SeriesIndex(runDir)
    addRewind(journal, { step: 2000, before: { 0: 3000, 1: 3000 }, time: 0 })
    const after = pointsOfReader(journal)
    expect(Object.values(after).flat().length).toBeLessThan(Object.values(before).flat().length)
    expect(indexed(runDir)).toEqual(after)
    open.update()
    expect(pointsOfIndex(open)).toEqual(after)
    open.close()
  })
})
