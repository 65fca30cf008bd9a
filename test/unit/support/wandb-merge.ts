import {
  closeHistory,
  type HistoryState,
  mergeRows,
  noHistory,
} from '../../../src/sinks/wandb/history/history.js'
import { MetricNames } from '../../../src/sinks/wandb/history/names.js'
import type { OtherRow } from '../../../src/sinks/wandb/history/other-rows.js'
import type { WandbFile } from '../../../src/sinks/wandb/media/wandb-file.js'
import { Summary, type SummaryState } from '../../../src/sinks/wandb/run/summary.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './batches.js'

export interface MergedRun {
  /** All lines: those that were open in the end too. */
  readonly texts: string[]
  /** Before the open lines were closed. */
  readonly state: HistoryState
  readonly summaryState: SummaryState
  /** With the open lines. */
  readonly summary: string
  readonly files: WandbFile[]
  readonly others: OtherRow[]
  /** Row, in all of them, and cause. */
  readonly rejected: string[]
  readonly notApplicable: number
}

export interface MergeOptions {
  /** Of the batches, over and over; by default one has all rows. */
  readonly sizes?: readonly number[]
  readonly max?: number
  readonly runDir?: string
}

/** Rows, in batches, as a sink merges them: each time with its state taken through JSON. */
export function mergeRun(
  rows: readonly RowLiteral[],
  { sizes = [rows.length], max, runDir = '/nowhere' }: MergeOptions = {},
): MergedRun {
  const builder = new BatchBuilder()
  const names = new MetricNames()
  const setup = { runDir, ...(max === undefined ? {} : { maxLineBytes: max }) }
  const texts: string[] = []
  const files: WandbFile[] = []
  const others: OtherRow[] = []
  const rejected: string[] = []
  let state = noHistory()
  let summaryState: SummaryState = []
  let notApplicable = 0
  for (let from = 0, batch = 0; from < rows.length; batch++) {
    const to = from + sizes[batch % sizes.length]!
    const merged = mergeRows(state, builder.batchOf(rows.slice(from, to)), names, setup)
    const summary = new Summary(summaryState)
    for (const line of merged.lines) summary.add(line, START_TIME)
    texts.push(...merged.lines.map((line) => line.text(START_TIME)))
    files.push(...merged.files)
    others.push(...merged.others.map((other) => ({ ...other, row: from + other.row })))
    rejected.push(...merged.rejected.map(({ row, cause }) => `${from + row} ${cause}`))
    notApplicable += merged.notApplicable
    state = throughJson(merged.state)
    summaryState = throughJson(summary.state())
    from = to
  }
  const { lines } = closeHistory(state)
  const summary = new Summary(summaryState, state.updates)
  for (const line of lines) summary.add(line, START_TIME)
  texts.push(...lines.map((line) => line.text(START_TIME)))
  const counts = { lateRows: state.lateRows, rejectedLines: 0 }
  return { texts, state, summaryState, summary: summary.text(counts), files, others, rejected, notApplicable }
}

const throughJson = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value
