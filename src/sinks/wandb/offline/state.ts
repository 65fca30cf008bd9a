import * as v from 'valibot'
import { SinkError } from '../../errors.js'
import { type Extent, extentIn, lengthIn } from '../../file/append-file.js'
import type { SinkState } from '../../sink.js'
import { type HistoryState, historyState } from '../history/history.js'
import { type SummaryState, summaryState } from '../run/summary.js'
import { type PinnedSettings, readPinned } from './pinned.js'

/** Where the log is; a run stays there, whatever the environment says later. */
export interface LogPlace {
  /** Absolute path of the directory that holds `wandb/`; null: the run's own. */
  readonly root: string | null
  /** Name of the directory in it. */
  readonly directory: string
  /** See run-directory.ts. */
  readonly part: number
  readonly runId: string
  /** Null in a cursor that an older offstep has written. */
  readonly settings: PinnedSettings | null
  /** So many rewinds of the run (journal/rewinds.ts) have left their rows out of the log. */
  readonly rewinds: number
}

/** What the next records depend on. */
export interface LogState {
  /** How far the log holds lines that no row changes any more. */
  readonly extent: Extent & { readonly crc: number }
  /** Number of the next record. */
  readonly num: number
  readonly history: HistoryState
  readonly summary: SummaryState
}

/** Committed with the cursor, as plain JSON. */
export interface OfflineState extends LogPlace, LogState {}

export function saveState({ extent, ...rest }: OfflineState): SinkState {
  return { ...rest, ...extent }
}

/** Throws a `rebuild` SinkError for a state that is none of ours. */
export function restoreState(state: SinkState): OfflineState {
  const { root, directory, runId, history, summary } = state
  const texts = typeof directory === 'string' && typeof runId === 'string'
  const place = texts && (root === null || typeof root === 'string')
  const { length, crc } = extentIn(state, 'length', 'crc')
  if (!place || crc === null || !v.is(historyState, history) || !v.is(summaryState, summary)) {
    const message = "the cursor is not one of W&B's offline log; it is written again from the journal"
    throw new SinkError('rebuild', 'STATE_INVALID', message)
  }
  const num = lengthIn(state, 'num')
  const rewinds = state.rewinds === undefined ? 0 : lengthIn(state, 'rewinds')
  return {
    root,
    directory,
    part: lengthIn(state, 'part'),
    runId,
    settings: readPinned(state.settings),
    extent: { length, crc },
    num,
    history,
    summary,
    rewinds,
  }
}
