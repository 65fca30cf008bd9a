import { resolve } from 'node:path'
import { closeHistory, noHistory } from '../history/history.js'
import { Summary } from '../run/summary.js'
import type { WandbSettings } from '../settings/settings.js'
import { pinSettings } from './pinned.js'
import { directoryName } from './run-directory.js'
import type { OfflineState } from './state.js'

/** Before the first row. `startTime`: of the run, in milliseconds since the epoch. `rewinds`: that the run has had. */
export function firstPart(settings: WandbSettings, startTime: number, rewinds = 0): OfflineState {
  const { dir, runId } = settings
  return {
    root: dir === undefined ? null : resolve(dir),
    directory: directoryName(runId, startTime, 0),
    part: 0,
    runId,
    settings: pinSettings(settings),
    extent: { length: 0, crc: 0 },
    num: 1,
    history: noHistory(),
    summary: [],
    rewinds,
  }
}

/** After an upload (run-directory.ts). `withTail`: it brought the open lines too, which no row can change then. */
export function nextPart(state: OfflineState, startTime: number, withTail: boolean): OfflineState {
  const part = state.part + 1
  const directory = directoryName(state.runId, startTime, part)
  const next: OfflineState = { ...state, directory, part, extent: { length: 0, crc: 0 }, num: 1 }
  if (!withTail) return next
  const closed = closeHistory(state.history)
  const summary = new Summary(state.summary)
  for (const line of closed.lines) summary.add(line, startTime)
  return { ...next, history: closed.state, summary: summary.state() }
}
