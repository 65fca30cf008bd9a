import * as v from 'valibot'
import { MetricDefinitions } from '../metrics/definitions.js'
import { addStepMetrics } from '../metrics/step-sync.js'
import { noUpdates, runUpdates } from '../run/updates.js'
import { type HistoryLine, heldLine } from './history-line.js'
import { ReorderWindow } from './reorder-window.js'

const number = v.pipe(v.number(), v.finite())

/** For a sink that reads its cursor. */
export const historyState = v.object({
  lastStep: v.pipe(v.number(), v.safeInteger()),
  highest: v.nullable(number),
  lateRows: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  held: v.array(heldLine),
  stepValues: v.array(v.tuple([v.string(), v.string()])),
  updates: runUpdates,
})

/**
 * What the next rows depend on, in plain JSON. `lastStep`: the `_step` of the newest closed line, -1 before the first.
 * `highest`: the largest step of all rows; null before the first. `lateRows`: see history.ts. `held`: the lines that
 * rows may still belong to, ascending. `stepValues`: name and newest JSON of each step metric, in closed lines.
 */
export type HistoryState = v.InferOutput<typeof historyState>

/** `lastStep`: the `_step` that the run had before, where it is resumed. */
export const noHistory = (lastStep = -1): HistoryState => ({
  lastStep,
  highest: lastStep < 0 ? null : lastStep,
  lateRows: 0,
  held: [],
  stepValues: [],
  updates: noUpdates(),
})

/** Closes all held lines, in order: for the end of a run. `state`: after them. */
export function closeHistory(state: HistoryState): {
  readonly lines: readonly HistoryLine[]
  readonly state: HistoryState
} {
  const lines = new ReorderWindow(state).closeAll()
  const stepValues = new Map(state.stepValues)
  const definitions = new MetricDefinitions(state.updates.metrics)
  for (const line of lines) addStepMetrics(line, definitions, stepValues)
  const lastStep = lines.at(-1)?.step ?? state.lastStep
  return { lines, state: { ...state, lastStep, held: [], stepValues: [...stepValues] } }
}
