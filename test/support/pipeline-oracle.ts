import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { JournalReader } from '../../src/journal/reader.js'
import { readPoints } from '../unit/support/event-files.js'

/** A row as it was logged: what every file is to hold, worked out from the formats' descriptions alone. */
export interface LoggedRow {
  readonly producer: number
  readonly sequence: number
  readonly step: number
  readonly time: number
  readonly values: readonly (readonly [string, number | bigint])[]
}

export const START = 1_732_000_000_000
export const MAX_COLUMNS = 6
export const PRODUCER_NAMES = ['main', 'worker-1'] as const

const seconds = (ms: number): number => Math.round(ms) / 1000

/** The journal's rows in its order, each the very one that was logged, none twice, none missing in between. */
export function journalOrder(runDir: string, logged: readonly (readonly LoggedRow[])[]): LoggedRow[] {
  const reader = new JournalReader(join(runDir, 'journal'))
  const order: LoggedRow[] = []
  const next: number[] = []
  for (let batch = reader.read(); batch !== null; batch = reader.read()) {
    for (let row = 0; row < batch.count; row++) {
      const producer: number = batch.producers[row]!
      const sequence: number = batch.sequences[row]!
      const expected: LoggedRow | undefined = logged[producer]![sequence]
      assert(expected !== undefined, `row ${producer}:${sequence} of the journal was logged`)
      assert.equal(sequence, next[producer] ?? 0, `rows of producer ${producer} come in order`)
      next[producer] = sequence + 1
      let slot: number = batch.offsets[row]!
      assert.equal(batch.steps[row], expected.step)
      assert.equal(batch.times[row], expected.time)
      for (const [name, value] of expected.values) {
        const found = typeof value === 'bigint' ? batch.integers.get(slot) : batch.values[slot]
        assert(batch.names[batch.keys[slot]!] === name && Object.is(found, value), `value of ${name}`)
        slot++
      }
      assert.equal(slot, batch.offsets[row + 1])
      order.push(expected)
    }
  }
  assert.equal(reader.lost, 0, 'no row of the journal is lost')
  reader.close()
  return order
}

export function jsonlText(rows: readonly LoggedRow[]): string {
  return rows
    .map(({ producer, sequence, step, time, values }) => {
      const cells = values.map(([name, value]) => {
        const text = typeof value === 'bigint' || Number.isFinite(value) ? `${value}` : `"${value}"`
        return `"${name}":${text}`
      })
      const fixed = `"step":${step},"timestamp":${seconds(time)},"elapsed":${seconds(time - START)}`
      return `{${[fixed, `"producer":${producer}`, `"sequence":${sequence}`, ...cells].join(',')}}\n`
    })
    .join('')
}

/** metrics.csv, and metrics-overflow.csv or null where there is none. */
export function csvTexts(rows: readonly LoggedRow[]): [string, string | null] {
  const fixed = 'step,timestamp,elapsed,producer,sequence'
  const names = [...new Set(rows.flatMap(({ values }) => values.map(([name]) => name)))]
  const columns = names.slice(0, MAX_COLUMNS)
  const over = new Set(names.slice(MAX_COLUMNS))
  if (rows.length === 0) return ['', null]
  let wide = `${[fixed, ...columns].join(',')}\n`
  let overflow = `${fixed},name,value\n`
  for (const { producer, sequence, step, time, values } of rows) {
    const head = [step, seconds(time), seconds(time - START), producer, sequence].join(',')
    const cells = new Map(values)
    wide += `${[head, ...columns.map((name) => cells.get(name) ?? '')].join(',')}\n`
    for (const [name, value] of values) if (over.has(name)) overflow += `${head},${name},${value}\n`
  }
  return [wide, over.size === 0 ? null : overflow]
}

/** `tag@step=value` per directory of event files, and how many rows hold nothing for TensorBoard. */
export function eventPoints(rows: readonly LoggedRow[]): { points: string[][]; notApplicable: number } {
  const points: string[][] = [[], []]
  const last: Map<string, number>[] = [new Map(), new Map()]
  let notApplicable = 0
  for (const { producer, step, values } of rows) {
    const shown = values.filter(([name]) => step >= (last[producer]!.get(name) ?? Number.NEGATIVE_INFINITY))
    for (const [name, value] of shown) {
      last[producer]!.set(name, step)
      points[producer]!.push(`${name}@${step}=${Math.fround(Number(value))}`)
    }
    if (shown.length === 0) notApplicable++
  }
  return { points, notApplicable }
}

const decoded = new Map<string, string[]>()

/** The points of the event files of one directory; decoding is slow, and most cases leave the same bytes. */
export function pointsIn(directory: string): string[] {
  if (!fs.existsSync(directory)) return []
  const files = fs.readdirSync(directory).filter((name) => name.includes('tfevents'))
  const key = files.map((name) => `${name}:${fs.readFileSync(join(directory, name), 'latin1')}`).join()
  let points = decoded.get(key)
  if (points === undefined) {
    points = readPoints(directory)
    if (decoded.size < 1000) decoded.set(key, points)
  }
  return points
}

interface Metric {
  count: number
  nonFinite: number
  sum: number
  first: number
  last: number
  min: number
  max: number
}

/** Metrics of summary.json, by value. */
export function summaryOf(rows: readonly LoggedRow[]): Map<string, Metric> {
  const metrics = new Map<string, Metric>()
  for (const { values } of rows) {
    for (const [name, exact] of values) {
      const value = Number(exact)
      let metric = metrics.get(name)
      if (metric === undefined) {
        metric = { count: 0, nonFinite: 0, sum: 0, first: value, last: value, min: Infinity, max: -Infinity }
        metrics.set(name, metric)
      }
      metric.count++
      metric.last = value
      if (Number.isFinite(value)) metric.sum += value
      else metric.nonFinite++
      if (value < metric.min) metric.min = value
      if (value > metric.max) metric.max = value
    }
  }
  return metrics
}

interface SummaryFile {
  readonly rows: number
  readonly status: string
  readonly metrics: {
    readonly [name: string]: {
      readonly [point in 'first' | 'last' | 'min' | 'max']: { readonly value: number | string }
    } & { readonly mean: number; readonly count: number; readonly nonFinite: number }
  }
}

/** Compares what a sink has on the disk with the rows it is to have. Throws where anything differs. */
export function assertSink(
  runDir: string,
  name: string,
  rows: readonly LoggedRow[],
  status = 'completed',
): void {
  const text = (file: string): string => fs.readFileSync(join(runDir, file), 'utf8')
  if (name === 'jsonl') assertText('metrics.jsonl', text('metrics.jsonl'), jsonlText(rows))
  else if (name === 'csv') {
    const [wide, overflow] = csvTexts(rows)
    assertText('metrics.csv', text('metrics.csv'), wide)
    const overflows = fs.existsSync(join(runDir, 'metrics-overflow.csv'))
    assert.equal(overflows, overflow !== null, 'metrics-overflow.csv is there where it is needed')
    if (overflow !== null) assertText('metrics-overflow.csv', text('metrics-overflow.csv'), overflow)
  } else if (name === 'tensorboard') {
    for (const [producer, expected] of eventPoints(rows).points.entries()) {
      const directory = join('tensorboard', producer === 0 ? '' : PRODUCER_NAMES[producer]!)
      assertText(directory, pointsIn(join(runDir, directory)).join('\n'), expected.join('\n'))
    }
  } else assertSummary(JSON.parse(text('summary.json')) as SummaryFile, rows, status)
}

function assertSummary(found: SummaryFile, rows: readonly LoggedRow[], status: string): void {
  assert.deepEqual([found.rows, found.status], [rows.length, status], 'rows and status of summary.json')
  const expected = summaryOf(rows)
  assert.deepEqual(Object.keys(found.metrics), [...expected.keys()])
  for (const [name, { count, nonFinite, sum, first, last, min, max }] of expected) {
    const metric = found.metrics[name]!
    const numbers = [metric.first, metric.last, metric.min, metric.max].map((point) => Number(point.value))
    assert.deepEqual(
      [metric.count, metric.nonFinite, ...numbers],
      [count, nonFinite, first, last, min, max],
      `${name} in summary.json`,
    )
    const mean = sum / (count - nonFinite)
    assert(Math.abs(metric.mean - mean) <= 1e-9 * Math.abs(mean), `mean of ${name}`)
  }
}

/** Names the first difference only. */
function assertText(what: string, found: string, expected: string): void {
  if (found === expected) return
  const [a, b] = [found.split('\n'), expected.split('\n')]
  const at = b.findIndex((line, index) => line !== a[index])
  const line = at < 0 ? b.length : at
  assert.fail(`${what}, line ${line} of ${a.length} (${b.length}): ${a[line]} instead of ${b[line]}`)
}
