import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { downSample } from '../../src/store/series/down-sample.js'
import { Pyramid, type SeriesPoint } from '../../src/store/series/pyramid.js'
import { readSeries, type SeriesRange } from '../../src/store/series/read-series.js'
import { SeriesIndex } from '../../src/store/series/series-index.js'
import { temporaryDirectory } from '../support/directory.js'
import { JournalMaker } from '../support/journal-maker.js'

// Of 0 and -0, equal as they are, either may be the lowest.
const value = fc
  .oneof(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0))
  .map((number) => number + 0)
const pointsOf = (values: readonly number[]): SeriesPoint[] =>
  values.map((value, step) => ({ step, time: 1000 + step, value }))

const numbers = (points: readonly SeriesPoint[]) =>
  points.map(({ value }) => value).filter((value) => !Number.isNaN(value))

function kept(pyramid: Pyramid): SeriesPoint[] {
  return Array.from({ length: pyramid.entries }, (_, entry) => [...pyramid.pointsOf(entry)]).flat()
}

describe('a metric in a bounded number of entries', () => {
  test('keeps its first, last, lowest and highest point, and their steps, whatever came', () => {
    const property = fc.property(
      fc.array(value, { minLength: 1, maxLength: 300 }),
      fc.integer({ min: 2, max: 20 }),
      (values, limit) => {
        const pyramid = new Pyramid()
        const points = pointsOf(values)
        for (const point of points) pyramid.add(point.step, point.time, point.value, 7, limit)
        expect(pyramid.entries).toBeLessThanOrEqual(limit)
        expect(pyramid.count).toBe(points.length)
        const found = kept(pyramid)
        expect(found[0]).toEqual(points[0])
        expect(found.at(-1)).toEqual(points.at(-1))
        expect(Math.min(...numbers(found))).toBe(Math.min(...numbers(points)))
        expect(Math.max(...numbers(found))).toBe(Math.max(...numbers(points)))
        for (const point of found) expect(points[point.step]).toEqual(point)
      },
    )
    fc.assert(property)
  })

  test('goes on from what was saved as if it had not been', () => {
    const [whole, half] = [new Pyramid(), new Pyramid()]
    const points = pointsOf(Array.from({ length: 1000 }, (_, i) => Math.sin(i)))
    for (const { step, time, value } of points) whole.add(step, time, value, 0, 16)
    for (const { step, time, value } of points.slice(0, 333)) half.add(step, time, value, 0, 16)
    const later = new Pyramid(half.span, half.save())
    for (const { step, time, value } of points.slice(333)) later.add(step, time, value, 0, 16)
    expect([later.span, later.count, later.save()]).toEqual([whole.span, whole.count, whole.save()])
  })
})

test('fewer points still have every dip and spike, in order', () => {
  const property = fc.property(
    fc.array(value, { minLength: 1, maxLength: 500 }),
    fc.integer({ min: 4, max: 100 }),
    (values, limit) => {
      const points = pointsOf(values)
      const shown = downSample(points, limit, 'step')
      expect(shown.length).toBeLessThanOrEqual(Math.max(limit, 4))
      expect(Math.min(...numbers(shown))).toBe(Math.min(...numbers(points)))
      expect(Math.max(...numbers(shown))).toBe(Math.max(...numbers(points)))
      expect(shown.map(({ step }) => step)).toEqual(shown.map(({ step }) => step).toSorted((a, b) => a - b))
    },
  )
  fc.assert(property)
})

/** A run of 20,000 steps of two producers, the second without the metric "loss". */
function makeRun(): {
  readonly runDir: string
  readonly maker: JournalMaker
  readonly log: (to: number) => void
} {
  const runDir = temporaryDirectory()
  const maker = new JournalMaker(runDir, { producers: 2, segmentBytes: 1024 * 1024 })
  let step = 0
  const log = (to: number) => {
    for (; step < to; step++) {
      maker.row({ loss: Math.cos(step / 300) + (step === 7777 ? 50 : 0), lr: step }, step)
      if (step % 10 === 0) maker.row({ lr: -step }, step, 1)
      if (step % 500 === 0) maker.flush()
    }
    maker.flush()
  }
  return { runDir, maker, log }
}

function read(runDir: string, range?: SeriesRange, name = 'loss', producer = 0) {
  const index = new SeriesIndex(runDir)
  index.update()
  const series = readSeries(runDir, index, { producer, name }, range)
  index.close()
  return series
}

describe('the series of a run', () => {
  test('are exact where all points are asked for, and where a range is short', () => {
    const { runDir, log } = makeRun()
    log(20_000)
    const all = read(runDir)!
    expect(all.exact).toBe(true)
    expect(all.points.map(({ step }) => step)).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
    expect(all.points[123]!.value).toBe(Math.cos(123 / 300))
    const part = read(runDir, { from: 5000, to: 5099, points: 500 })!
    expect(part.points).toEqual(all.points.slice(5000, 5100))
    expect(part.exact).toBe(true)
  })

  test('have their spikes in a few points', () => {
    const { runDir, log } = makeRun()
    log(20_000)
    const few = read(runDir, { points: 100 })!
    expect(few.exact).toBe(false)
    expect(few.points.length).toBeLessThanOrEqual(100)
    expect(few.points.some(({ step, value }) => step === 7777 && value > 49)).toBe(true)
  })

  test('are those of each producer', () => {
    const { runDir, log } = makeRun()
    log(100)
    expect(read(runDir, {}, 'lr', 1)!.points.map(({ value }) => value)).toEqual([
      -0, -10, -20, -30, -40, -50, -60, -70, -80, -90,
    ])
    expect(read(runDir, {}, 'loss', 1)).toBe(null)
  })

  test('follow a run that goes on, as if they had been read at once', () => {
    const { runDir, log } = makeRun()
    log(3000)
    const index = new SeriesIndex(runDir)
    index.update()
    for (const to of [3001, 9000, 20_000]) {
      log(to)
      index.update()
      read(runDir)
    }
    index.close()
    const { runDir: other, log: logAtOnce } = makeRun()
    logAtOnce(20_000)
    const values = (dir: string) => read(dir, { points: 300 })!.points.map(({ step, value }) => [step, value])
    expect(values(runDir)).toEqual(values(other))
  })

  test('are made again where the index is damaged, at any byte', () => {
    const { runDir, log } = makeRun()
    log(5000)
    const right = read(runDir, { points: 200 })
    const file = join(runDir, 'index', 'series.idx')
    const whole = readFileSync(file)
    for (let at = 0; at < whole.length; at += 997) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 4
      writeFileSync(file, damaged)
      expect(read(runDir, { points: 200 }), `byte ${at}`).toEqual(right)
    }
    writeFileSync(file, whole.subarray(0, whole.length / 2))
    expect(read(runDir, { points: 200 })).toEqual(right)
  })

  test('are not taken from the index of another journal', () => {
    const { runDir, log } = makeRun()
    log(5000)
    read(runDir)
    const other = makeRun()
    for (let step = 0; step < 6000; step++) other.maker.row({ loss: 5 }, step)
    other.maker.flush()
    read(other.runDir)
    writeFileSync(
      join(other.runDir, 'index', 'series.idx'),
      readFileSync(join(runDir, 'index', 'series.idx')),
    )
    const found = read(other.runDir)!
    expect(found.points.length).toBe(6000)
    expect(found.points.every(({ value }) => value === 5)).toBe(true)
  })
})
