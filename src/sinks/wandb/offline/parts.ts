import { lastLine, noHistory } from '../history.js'
import { Summary } from '../summary.js'
import { directoryName } from './run-directory.js'
import type { OfflineState } from './state.js'

/** Before the first row. `root`: see LogPlace; `startTime`: of the run, in milliseconds since the epoch. */
export function firstPart(root: string | null, runId: string, startTime: number): OfflineState {
  return {
    root,
    directory: directoryName(runId, startTime, 0),
    part: 0,
    runId,
    extent: { length: 0, crc: 0 },
    num: 1,
    history: noHistory(),
    summary: [],
  }
}

/** After an upload (run-directory.ts). `withTail`: it brought the newest line too, which no row can change then. */
export function nextPart(state: OfflineState, startTime: number, withTail: boolean): OfflineState {
  const part = state.part + 1
  const directory = directoryName(state.runId, startTime, part)
  const next: OfflineState = { ...state, directory, part, extent: { length: 0, crc: 0 }, num: 1 }
  const open = withTail ? lastLine(state.history) : null
  if (open === null) return next
  const summary = new Summary(state.summary)
  summary.add(open, startTime)
  return { ...next, history: { ...state.history, open: null }, summary: summary.state() }
}
