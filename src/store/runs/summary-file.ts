import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cursor, readCursor } from '../../delivery/cursor.js'
import { RewindsError, readRewinds } from '../../journal/rewinds.js'
import type { RunFile } from '../run-file.js'
import type { RunSummary, SummaryPoint } from './types.js'

type Fields = { readonly [name: string]: unknown }

/**
 * False where the run went back to an earlier step and the sink has not heard of it yet (see delivery/rebuild.ts): what it
 * holds counts rows that are superseded. Throws as `readRewinds()` does. Blocks.
 */
export function knowsRewinds(runDir: string, { rewinds = 0 }: Cursor): boolean {
  return rewinds === readRewinds(join(runDir, 'journal')).length
}

/** summary.json; null where there is none that can be read, or it may tell of superseded rows. Blocks. */
export function readSummaryFile(runDir: string, file: RunFile): RunSummary | null {
  if (isOutdated(runDir, file)) return null
  try {
    return parseSummary(readFileSync(join(runDir, 'summary.json'), 'utf8'))
  } catch {
    // Not there, cut off, or not what the sink wrote: it is made again from the journal.
    return null
  }
}

/**
 * Of a run that went back, only the file of a sink that has all of it tells of the rows that count: before that the sink
 * may have read on over superseded rows, and its file is still the old one. So is that of a sink that the run has no more.
 */
function isOutdated(runDir: string, { delivered, resumes, sinks }: RunFile): boolean {
  if (resumes !== undefined && !sinks.some(({ name }) => name === 'summary')) return true
  try {
    if (readRewinds(join(runDir, 'journal')).length === 0) return false
    return delivered !== true || !knowsRewinds(runDir, readCursor(runDir, 'summary'))
  } catch (error) {
    // Whoever reads the journal is told. One such run must not keep a list of thousands from being shown.
    if (error instanceof RewindsError) return false
    throw error
  }
}

/** Throws where the text is no summary. */
export function parseSummary(text: string): RunSummary {
  const document = JSON.parse(text) as Fields
  const { rows, steps, durationSeconds, omittedValues = 0, values = {}, metrics } = document
  if (typeof rows !== 'number' || typeof metrics !== 'object') throw new TypeError('no summary')
  for (const metric of Object.values(metrics as { readonly [name: string]: Fields })) convertPoints(metric)
  const set = Object.entries(values as Fields).map(([name, value]) => [name, numberOf(value)] as const)
  return {
    rows,
    steps: steps as RunSummary['steps'],
    durationSeconds: durationSeconds as number,
    omittedValues: omittedValues as number,
    values: Object.fromEntries(set),
    metrics: metrics as RunSummary['metrics'],
  }
}

/** In place: a list of thousands of runs spends its time on making objects. */
function convertPoints({ first, last, min, max, best }: Fields): void {
  for (const point of [first, last]) convertPoint(point as SummaryPoint)
  for (const point of [min, max, best]) {
    if (point !== null && point !== undefined) convertPoint(point as SummaryPoint)
  }
}

function convertPoint(point: { -readonly [Key in keyof SummaryPoint]: SummaryPoint[Key] }): void {
  if (typeof point.time !== 'number') throw new TypeError('no summary')
  point.value = numberOf(point.value) as number
  point.time = Math.round(point.time * 1000)
}

const NON_FINITE: readonly unknown[] = ['NaN', 'Infinity', '-Infinity']

/** JSON has no form for them, so they are written as texts. */
const numberOf = (value: unknown): unknown =>
  typeof value === 'string' && NON_FINITE.includes(value) ? Number(value) : value
