import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunFile } from '../run-file.js'
import { hasOldSummary } from './rewound.js'
import type { RunSummary, SummaryPoint } from './types.js'

type Fields = { readonly [name: string]: unknown }

/** summary.json; null where there is none that can be read, or it may tell of superseded rows. Blocks. */
export function readSummaryFile(runDir: string, file: RunFile): RunSummary | null {
  if (hasOldSummary(runDir, file)) return null
  try {
    return parseSummary(readFileSync(join(runDir, 'summary.json'), 'utf8'))
  } catch {
    // Not there, cut off, or not what the sink wrote: it is made again from the journal.
    return null
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
