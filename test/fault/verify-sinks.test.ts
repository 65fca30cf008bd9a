import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cursor, commitCursor, firstCursor, readCursor } from '../../dist/src/delivery/cursor.js'
import { repairRun } from '../../dist/src/verify/repair-run.js'
import { verifyRun } from '../../dist/src/verify/verify-run.js'
import { readPoints } from '../unit/support/event-files.js'
import {
  copyOf,
  countsIn,
  editBytes,
  editLines,
  eventFilesOf,
  type FinishedRun,
  finishedRun,
  firstIn,
  flipBit,
  linesOf,
  resultsOf,
  sinkIn,
} from './support/damaged-run.js'

const ROWS = 3000
const NONE = { differing: 0, missing: 0, extra: 0, onlyHere: 0 }
let whole: FinishedRun
beforeAll(async () => {
  whole = await finishedRun(ROWS, { sinks: ['jsonl', 'csv', 'tensorboard', 'console'] })
})
afterAll(() => whole.remove())

const jsonl = (dir: string): string => join(dir, 'metrics.jsonl')
const csv = (dir: string): string => join(dir, 'metrics.csv')

/** What the run's files held when it ended. */
function expectSameFiles(dir: string): void {
  for (const file of ['metrics.jsonl', 'metrics.csv']) {
    expect(readFileSync(join(dir, file)).equals(readFileSync(join(whole.dir, file))), file).toBe(true)
  }
  const [found, expected] = [dir, whole.dir].map((run) => readPoints(join(run, 'tensorboard')))
  expect(found).toEqual(expected)
}

/** Only this sink is damaged; the repair mends it and nothing else, and keeps no second copy. */
async function expectRepairable(dir: string, sink: string): Promise<void> {
  const before = await verifyRun(dir)
  expect(before).toMatchObject({ sound: false, repairable: [sink], lost: 0 })
  const { after, actions } = await repairRun(dir)
  expect(actions).toEqual([{ sink, result: 'rebuilt', problem: null, delivered: ROWS, kept: [] }])
  expect(after).toMatchObject({ sound: true, repairable: [] })
  expectSameFiles(dir)
}

test('a run that finished is sound, and checking it changes no byte', async () => {
  const dir = copyOf(whole)
  const files = ['run.json', 'metrics.jsonl', 'metrics.csv', 'summary.json', 'cursors/csv.json']
  const before = files.map((file) => readFileSync(join(dir, file), 'utf8'))
  const report = await verifyRun(dir)
  expect(report).toMatchObject({ sound: true, lost: 0, repairable: [] })
  expect(report.journal).toMatchObject({
    result: 'ok',
    records: ROWS,
    damage: [],
    missing: 0,
    missingAtEnd: 0,
  })
  for (const sink of report.sinks)
    expect(sink).toMatchObject({ result: 'ok', pending: 0, wrong: 0, onlyHere: 0 })
  expect(report.sinks.map(({ sink }) => sink)).toEqual(['jsonl', 'csv', 'tensorboard', 'console', 'summary'])
  expect(files.map((file) => readFileSync(join(dir, file), 'utf8'))).toEqual(before)
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
})

describe('metrics.jsonl', () => {
  test('a line that is gone costs one record, and is named', async () => {
    const dir = copyOf(whole)
    editLines(jsonl(dir), (lines) => lines.splice(700, 1))
    const report = await verifyRun(dir)
    expect(countsIn(report, 'jsonl')).toEqual({ ...NONE, missing: 1 })
    expect(firstIn(report, 'jsonl')).toMatchObject({
      what: 'missing',
      number: 701,
      producer: 0,
      sequence: 700,
    })
    await expectRepairable(dir, 'jsonl')
  })

  test('lines that are gone at both ends and in the middle are each counted', async () => {
    const dir = copyOf(whole)
    editLines(jsonl(dir), (lines) => {
      lines.splice(2990, 10)
      lines.splice(1000, 500)
      lines.splice(0, 3)
    })
    expect(countsIn(await verifyRun(dir), 'jsonl')).toEqual({ ...NONE, missing: 513 })
    await expectRepairable(dir, 'jsonl')
  })

  test('a line that does not belong there costs no record, and the old file is kept', async () => {
    const dir = copyOf(whole)
    editLines(jsonl(dir), (lines) => lines.splice(5, 0, '{"note":"mine"}'))
    const report = await verifyRun(dir)
    expect(countsIn(report, 'jsonl')).toEqual({ ...NONE, extra: 1 })
    expect(firstIn(report, 'jsonl')).toMatchObject({ what: 'extra', number: 6, found: '{"note":"mine"}' })
    const { after, actions } = await repairRun(dir)
    expect(actions[0]).toMatchObject({ result: 'rebuilt', kept: ['metrics.jsonl.before-repair'] })
    expect(after.sound).toBe(true)
    expect(linesOf(`${jsonl(dir)}.before-repair`)[5]).toBe('{"note":"mine"}')
  })

  test('a line that stands there twice is one too many', async () => {
    const dir = copyOf(whole)
    editLines(jsonl(dir), (lines) => lines.splice(700, 0, lines[2000]!))
    expect(countsIn(await verifyRun(dir), 'jsonl')).toEqual({ ...NONE, extra: 1 })
  })

  test('a value that differs is shown with both values, its metric and its line', async () => {
    const dir = copyOf(whole)
    editLines(jsonl(dir), (lines) => {
      lines[42] = lines[42]!.replace('"train/accuracy":6,', '"train/accuracy":7,')
      lines[42] = lines[42]!.replace('"train/accuracy":6}', '"train/accuracy":7}')
    })
    const report = await verifyRun(dir)
    expect(countsIn(report, 'jsonl')).toEqual({ ...NONE, differing: 1 })
    expect(firstIn(report, 'jsonl')).toEqual({
      what: 'differs',
      file: 'metrics.jsonl',
      number: 43,
      producer: 0,
      sequence: 42,
      field: 'train/accuracy',
      expected: '6',
      found: '7',
    })
    await expectRepairable(dir, 'jsonl')
  })

  test('a damaged sequence number costs its one record, not those after it', async () => {
    const dir = copyOf(whole)
    editLines(jsonl(dir), (lines) => {
      lines[17] = lines[17]!.replace('"sequence":17', '"sequence":97')
    })
    expect(countsIn(await verifyRun(dir), 'jsonl')).toEqual({ ...NONE, differing: 1 })
    await expectRepairable(dir, 'jsonl')
  })

  test('pages of zeros at the right length cost the records in them', async () => {
    const dir = copyOf(whole)
    const lines = linesOf(jsonl(dir))
    editBytes(jsonl(dir), (bytes) => bytes.fill(0, 8192, 16_384))
    let [end, touched] = [0, 0]
    for (const line of lines) {
      const start = end
      end += Buffer.byteLength(line) + 1
      if (start < 16_384 && end > 8192) touched++
    }
    const { differing, missing, extra } = countsIn(await verifyRun(dir), 'jsonl')
    expect({ cost: differing + missing, extra }).toEqual({ cost: touched, extra: 0 })
    await expectRepairable(dir, 'jsonl')
  })

  test('a last line without its end costs that record', async () => {
    const dir = copyOf(whole)
    truncateSync(jsonl(dir), statSync(jsonl(dir)).size - 1)
    expect(countsIn(await verifyRun(dir), 'jsonl')).toEqual({ ...NONE, differing: 1 })
    await expectRepairable(dir, 'jsonl')
  })

  test('a file that is gone costs all of its records', async () => {
    const dir = copyOf(whole)
    rmSync(jsonl(dir))
    const report = await verifyRun(dir)
    expect(sinkIn(report, 'jsonl')).toMatchObject({ result: 'missing', wrong: ROWS })
    await expectRepairable(dir, 'jsonl')
  })
})

describe('metrics.csv', () => {
  test('an edited cell is named by its column', async () => {
    const dir = copyOf(whole)
    editLines(csv(dir), (lines) => {
      const cells = lines[71]!.split(',')
      cells[6] = '11'
      lines[71] = cells.join(',')
    })
    const report = await verifyRun(dir)
    expect(countsIn(report, 'csv')).toEqual({ ...NONE, differing: 1 })
    expect(firstIn(report, 'csv')).toMatchObject({
      number: 72,
      sequence: 70,
      field: 'train/accuracy',
      expected: '10',
      found: '11',
    })
    await expectRepairable(dir, 'csv')
  })

  test('a changed header is damage, and shifts no row', async () => {
    const dir = copyOf(whole)
    editLines(csv(dir), (lines) => {
      lines[0] = lines[0]!.replace('train/loss', 'train/LOSS')
    })
    const report = await verifyRun(dir)
    expect(countsIn(report, 'csv')).toEqual({ ...NONE, differing: 1 })
    expect(firstIn(report, 'csv')).toMatchObject({ number: 1, field: 'train/loss', found: 'train/LOSS' })
    await expectRepairable(dir, 'csv')
  })

  test('values beyond the columns are compared in metrics-overflow.csv', async () => {
    const run = await finishedRun(300, { sinks: [{ type: 'csv', maxColumns: 1 }] })
    try {
      expect((await verifyRun(run.dir)).sound).toBe(true)
      editLines(join(run.dir, 'metrics-overflow.csv'), (lines) => lines.splice(10, 2))
      const report = await verifyRun(run.dir)
      expect(countsIn(report, 'csv', 0)).toEqual(NONE)
      expect(countsIn(report, 'csv', 1)).toEqual({ ...NONE, missing: 2 })
      expect((await repairRun(run.dir)).after.sound).toBe(true)
    } finally {
      run.remove()
    }
  })
})

describe('event files', () => {
  test('a flipped bit costs its one event', async () => {
    const dir = copyOf(whole)
    flipBit(eventFilesOf(dir)[0]!, 100_000)
    const report = await verifyRun(dir)
    expect(countsIn(report, 'tensorboard')).toEqual({ ...NONE, differing: 1 })
    expect(firstIn(report, 'tensorboard')).toMatchObject({ what: 'differs', found: 'damaged bytes' })
    await expectRepairable(dir, 'tensorboard')
  })

  test('a file that is cut costs the events behind the cut', async () => {
    const dir = copyOf(whole)
    const file = eventFilesOf(dir).at(-1)!
    const { size } = statSync(file)
    truncateSync(file, size - 100)
    const report = await verifyRun(dir)
    const { differing, missing } = countsIn(report, 'tensorboard')
    expect(differing + missing).toBeGreaterThanOrEqual(1)
    expect(differing + missing).toBeLessThanOrEqual(3)
    expect(sinkIn(report, 'tensorboard').problem).toMatch(`holds ${size - 100} of ${size} bytes`)
    await expectRepairable(dir, 'tensorboard')
  })

  test('a file that is gone costs its events; files of others stay, before and after the repair', async () => {
    const dir = copyOf(whole)
    const foreign = join(dir, 'tensorboard', 'events.out.tfevents.1700000000.host')
    writeFileSync(foreign, 'not ours')
    for (const file of eventFilesOf(dir).filter((name) => name.endsWith('.offstep'))) rmSync(file)
    const report = await verifyRun(dir)
    expect(sinkIn(report, 'tensorboard')).toMatchObject({ result: 'missing', wrong: ROWS })
    const { after } = await repairRun(dir)
    expect(after.sound).toBe(true)
    expect(readFileSync(foreign, 'utf8')).toBe('not ours')
  })
})

describe('summary.json', () => {
  test('a wrong value is named', async () => {
    const dir = copyOf(whole)
    const file = join(dir, 'summary.json')
    const document = JSON.parse(readFileSync(file, 'utf8'))
    document.metrics['train/loss'].mean = 3
    writeFileSync(file, JSON.stringify(document))
    const report = await verifyRun(dir)
    expect(firstIn(report, 'summary')).toMatchObject({ field: 'train/loss: mean', found: '3' })
    await expectRepairable(dir, 'summary')
  })

  test('a file that is gone or torn is written again', async () => {
    for (const damage of [rmSync, (file: string) => truncateSync(file, 100)]) {
      const dir = copyOf(whole)
      damage(join(dir, 'summary.json'))
      await expectRepairable(dir, 'summary')
    }
  })
})

describe('cursors', () => {
  const cursor = (dir: string, sink: string): string => join(dir, 'cursors', `${sink}.json`)

  test.each([
    ['empty', (file: string) => truncateSync(file, 0)],
    ['cut', (file: string) => truncateSync(file, 40)],
    ['hit by a bit', (file: string) => flipBit(file, 60)],
    ['of another sink', (file: string) => writeFileSync(file, readFileSync(cursor(whole.dir, 'csv')))],
    ['gone', (file: string) => rmSync(file)],
  ])('a cursor that is %s is found, and its sink is written again', async (_, damage) => {
    const dir = copyOf(whole)
    damage(cursor(dir, 'jsonl'))
    expect(sinkIn(await verifyRun(dir), 'jsonl').cursor.result).not.toBe('ok')
    await expectRepairable(dir, 'jsonl')
  })

  /** With a sound checksum: no accident, but an older copy, or somebody's hand. */
  function rewrite(dir: string, sink: string, change: (cursor: Cursor) => Partial<Cursor>): void {
    const before = readCursor(dir, sink)
    commitCursor(dir, { ...before, ...change(before) })
  }

  test.each<[string, string, (cursor: Cursor) => Partial<Cursor>]>([
    [
      'counts that do not add up',
      'its counts make 2999 records',
      ({ counts }) => ({ counts: { ...counts, delivered: ROWS - 1 } }),
    ],
    [
      'a place inside a record',
      'inside a record',
      ({ place }) => ({ place: { ...place, position: place.position - 5 } }),
    ],
    [
      'a place that does not exist',
      'does not exist',
      ({ place }) => ({ place: { ...place, position: place.position + 1_000_000 } }),
    ],
    [
      'sequence numbers of an earlier place',
      'it counts 2990 records of producer 0 where the journal has 3000',
      ({ place, counts }) => ({
        place: { ...place, next: { 0: 2990 } },
        counts: { ...counts, delivered: 2990 },
      }),
    ],
    [
      'sequence numbers of a place beyond the journal',
      'it counts 3010 records of producer 0 where the journal has 3000',
      ({ place, counts }) => ({
        place: { ...place, next: { 0: 3010 } },
        counts: { ...counts, delivered: 3010 },
      }),
    ],
    ['a state that is none', 'no usable length', () => ({ state: { length: 'long' } })],
  ])('%s is found, and the sink is written again', async (_, problem, change) => {
    const dir = copyOf(whole)
    rewrite(dir, 'csv', change)
    const { cursor } = sinkIn(await verifyRun(dir), 'csv')
    expect(cursor.result).toBe('damaged')
    expect(cursor.problem).toContain(problem)
    await expectRepairable(dir, 'csv')
  })

  test('a cursor that is older than its file is no damage: the rest is pending', async () => {
    const dir = copyOf(whole)
    const { counts: none, state, place } = firstCursor('jsonl')
    rewrite(dir, 'jsonl', () => ({ counts: none, state, place }))
    const report = await verifyRun(dir)
    expect(report).toMatchObject({ sound: true, repairable: [] })
    expect(sinkIn(report, 'jsonl')).toMatchObject({ result: 'pending', pending: ROWS })
  })
})

test('run.json that is gone is told; the journal is checked all the same, and nothing is touched', async () => {
  const dir = copyOf(whole)
  rmSync(join(dir, 'run.json'))
  const { before, after, actions } = await repairRun(dir)
  expect(before).toMatchObject({ sound: false, run: { result: 'missing' }, repairable: [] })
  expect(before.journal).toMatchObject({ result: 'ok', records: ROWS })
  expect(new Set(Object.values(resultsOf(before)))).toEqual(new Set(['unchecked']))
  expect({ after, actions }).toEqual({ after: before, actions: [] })
  expect(linesOf(jsonl(dir))).toHaveLength(ROWS)
  expect(existsSync(join(dir, 'lock'))).toBe(existsSync(join(whole.dir, 'lock')))
})

test('a run.json that is damaged is told as damaged', async () => {
  const dir = copyOf(whole)
  truncateSync(join(dir, 'run.json'), 50)
  expect((await verifyRun(dir)).run).toMatchObject({ result: 'damaged', state: 'unknown' })
})

test('a directory that holds no run is refused', async () => {
  await expect(verifyRun(join(whole.dir, 'nowhere'))).rejects.toMatchObject({ code: 'OFFSTEP_RUN_FILE' })
})
