import fs from 'node:fs'
import Table from 'cli-table3'
import { type Figure, type Measured, verdict } from './benchmark.js'
import type { Machine } from './machine.js'

export interface BenchmarkReport extends Measured {
  readonly name: string
  readonly about: string
  readonly seconds: number
  /** Runnable processes over the minute before it. */
  readonly loadBefore: number
}

const PLAIN = {
  'top-mid': '',
  'bottom-mid': '',
  'mid-mid': '',
  'left-mid': '',
  'right-mid': '',
  left: '',
  right: '',
}
const NO_LINES = { ...PLAIN, top: '', bottom: '', mid: '', middle: ' ' }
const CORNERS = { 'top-left': '', 'top-right': '', 'bottom-left': '', 'bottom-right': '' }

/** `of target` is a ratio: at most 1.00 where less is better, at least 1.00 where more is. */
export function formatFigures(figures: readonly Figure[]): string {
  const table = new Table({
    head: ['figure', 'measured', 'target', 'of target', '', 'note'],
    colAligns: ['left', 'right', 'right', 'right', 'left', 'left'],
    chars: { ...NO_LINES, ...CORNERS },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  })
  for (const figure of figures) {
    const { name, measured, unit, target, note = '' } = figure
    const limit = target === undefined ? null : 'atMost' in target ? target.atMost : target.atLeast
    const sign = target === undefined ? '' : 'atMost' in target ? '<=' : '>='
    table.push([
      name,
      `${digits(measured)} ${unit}`,
      limit === null ? '' : `${sign} ${digits(limit)}`,
      limit === null || limit === 0 ? '' : (measured / limit).toFixed(2),
      verdict(figure),
      note,
    ])
  }
  return table.toString()
}

function digits(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en')
  const size = Math.abs(value)
  return size >= 1000
    ? Math.round(value).toLocaleString('en')
    : value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}

export function writeJson(file: string, machine: Machine, benchmarks: readonly BenchmarkReport[]): void {
  const judged = benchmarks.map(({ figures, ...rest }) => ({
    ...rest,
    figures: figures.map((figure) => ({ ...figure, verdict: verdict(figure) || null })),
  }))
  const report = { time: new Date().toISOString(), machine, benchmarks: judged }
  fs.writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
}
