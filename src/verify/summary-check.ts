import fs from 'node:fs'
import path from 'node:path'
import type { RecordBatch } from '../record/batch.js'
import type { JsonObject } from '../record/json.js'
import { parseOptions } from '../sinks/file/parse-options.js'
import type { SinkState } from '../sinks/sink.js'
import { Accumulators, type MetricSummary } from '../sinks/summary/accumulators.js'
import { summaryText } from '../sinks/summary/document.js'
import { summaryOptions } from '../sinks/summary/options.js'
import { addRows, noRows, type RowCounts } from '../sinks/summary/rows.js'
import { setValues } from '../sinks/summary/set-values.js'
import type { Description } from './alignment.js'
import { type ContentCheck, type ContentSetup, shortened } from './content-check.js'
import type { Difference, FileCheck } from './report.js'

const FILE = 'summary.json'

/**
 * summary.json, by value: the accumulators in the cursor against those that the journal gives, and the file against
 * both. The file itself is written at times only, so it may be older than the cursor until the sink is closed.
 */
export function checkSummary(setup: ContentSetup): ContentCheck {
  return new SummaryCheck(setup)
}

class SummaryCheck implements ContentCheck {
  readonly #setup: ContentSetup
  readonly #metrics: Accumulators
  readonly #options
  #rows: RowCounts
  #values: JsonObject = {}

  constructor(setup: ContentSetup) {
    this.#setup = setup
    this.#options = parseOptions('summary', summaryOptions, setup.context.options)
    this.#metrics = new Accumulators(this.#options.maxMetrics)
    this.#rows = noRows(setup.context.startTime)
  }

  expect(batch: RecordBatch): void {
    this.#metrics.add(batch)
    this.#rows = addRows(this.#rows, batch)
    this.#values = setValues(this.#values, batch, this.#setup.context.runDir).values
  }

  finish(): FileCheck[] {
    const text = readText(path.join(this.#setup.context.runDir, FILE))
    const check: FileCheck = {
      file: FILE,
      result: 'ok',
      problem: null,
      bytes: text === null ? 0 : Buffer.byteLength(text),
      uncommittedBytes: 0,
      unit: 'metric',
      differing: 0,
      missing: 0,
      extra: 0,
      onlyHere: 0,
      first: null,
    }
    // Sums cannot be taken apart: what the journal has lost since is in them, and nobody can say how much.
    const { cursor, lost } = this.#setup
    const summed = lost.count - cursor.counts.deadLettered
    if (summed > 0) {
      const problem = `${FILE} holds ${summed} records that the journal has lost: it cannot be computed again`
      return [{ ...check, result: 'unchecked', problem, onlyHere: summed }]
    }
    return [{ ...check, ...this.#judge(text) }]
  }

  close(): void {
    // Nothing is open.
  }

  #judge(text: string | null): Partial<FileCheck> {
    const { cursor, complete } = this.#setup
    const state = restore(this.#options.maxMetrics, cursor.state)
    const metrics = byName(this.#metrics)
    const inCursor = compare(metrics, state === null ? new Map() : byName(state), 'its cursor')
    if (inCursor !== null) return { result: 'damaged', ...inCursor }
    const rows = cursor.state?.rows ?? noRows(this.#setup.context.startTime)
    if (cursor.state !== null && JSON.stringify(rows) !== JSON.stringify(this.#rows)) {
      return { result: 'damaged', problem: 'its cursor holds other counts of rows than the journal' }
    }
    if (text === null)
      return complete ? { result: 'missing', problem: `${FILE} is gone`, missing: metrics.size } : {}
    return this.#judgeFile(text, metrics.size)
  }

  #judgeFile(text: string, count: number): Partial<FileCheck> {
    const { context, outcome, complete } = this.#setup
    const found = parse(text)
    if (found === null) return { result: 'damaged', problem: `${FILE} is no JSON`, differing: count }
    // Older than its cursor: it is written again when the sink is closed.
    if (!complete) return {}
    const { status, endTime } = outcome ?? { status: 'running', endTime: this.#rows.lastTime }
    const progress = { status, endTime, now: 0 }
    const content = { rows: this.#rows, metrics: this.#metrics, values: this.#values }
    const expected = parse(summaryText(context, progress, content, this.#options.goals))!
    const differing = compare(entries(expected), entries(found), FILE)
    if (differing !== null) return { result: 'damaged', ...differing }
    for (const field of [
      'runId',
      'project',
      'name',
      'status',
      'durationSeconds',
      'rows',
      'steps',
      'values',
    ]) {
      const [wanted, is] = [expected, found].map((document) => JSON.stringify(document[field]))
      if (wanted !== is) return { result: 'damaged', problem: `${FILE} has ${field} ${is}, not ${wanted}` }
    }
    return {}
  }
}

function readText(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function parse(text: string): { readonly [field: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as { [field: string]: unknown }) : null
  } catch {
    // A torn or damaged file: told as such.
    return null
  }
}

/** Null where the state holds none that can be read. */
function restore(maxMetrics: number, state: SinkState | null): Accumulators | null {
  if (state === null) return null
  try {
    return Accumulators.restore(maxMetrics, state)
  } catch {
    // The sink itself starts anew from such a state: the comparison says that its metrics are missing.
    return null
  }
}

type Entries = ReadonlyMap<string, unknown>

const byName = (metrics: Accumulators): Entries =>
  new Map([...metrics.metrics()].map((metric: MetricSummary) => [metric.name, metric]))

const entries = ({ metrics }: { readonly [field: string]: unknown }): Entries =>
  new Map(Object.entries((metrics ?? {}) as object))

function compare(
  expected: Entries,
  found: Entries,
  where: string,
): Pick<FileCheck, 'problem' | 'differing' | 'missing' | 'extra' | 'first'> | null {
  const counts = { differing: 0, missing: 0, extra: 0 }
  let first: Difference | null = null
  let number = 0
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    number++
    const wanted = expected.has(name) ? exactText(expected.get(name)) : null
    const is = found.has(name) ? exactText(found.get(name)) : null
    if (wanted === is) continue
    const what = is === null ? 'missing' : wanted === null ? 'extra' : 'differs'
    counts[what === 'differs' ? 'differing' : what]++
    first ??= { what, file: FILE, number, producer: null, sequence: null, ...describe(name, expected, found) }
  }
  return first === null
    ? null
    : { ...counts, first, problem: `${where} does not hold what the journal gives` }
}

/** The part of a metric's summary that differs, where both have one. */
function describe(name: string, expected: Entries, found: Entries): Description {
  const [before, after] = [expected, found].map((entries) => entries.get(name) as object | undefined)
  const text = (value: unknown): string => shortened(value === undefined ? 'nothing' : exactText(value))
  const [inBefore, inAfter] = [before, after].map(
    (entry) => new Map<string, unknown>(Object.entries(entry ?? {})),
  )
  const part = [...new Set([...inBefore!.keys(), ...inAfter!.keys()])].find(
    (key) => text(inBefore!.get(key)) !== text(inAfter!.get(key)),
  )
  if (before === undefined || after === undefined || part === undefined) {
    return { field: name, expected: before ? text(before) : null, found: after ? text(after) : null }
  }
  return { field: `${name}: ${part}`, expected: text(inBefore!.get(part)), found: text(inAfter!.get(part)) }
}

/** JSON that tells NaN, the infinities and -0 apart. */
function exactText(entry: unknown): string {
  return JSON.stringify(entry, (_, value: unknown) => {
    if (Object.is(value, -0)) return '-0'
    return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
  })
}
