import { setImmediate } from 'node:timers/promises'
import { mergeRows } from '../../history/history.js'
import { MetricNames } from '../../history/names.js'
import { Summary } from '../../run/summary.js'
import { shifted } from '../run/step-shift.js'
import type { OnlineState } from '../state.js'
import { type RewoundJournal, survivors } from './survivors.js'

/** What W&B has that stays as it is. */
export interface KeptLines {
  /** Of the history. */
  readonly count: number
  /** None of the rows that were delivered is superseded: they are all that were. */
  readonly isAll: boolean
  /** Of the events: of all rows that were delivered and count. */
  readonly events: number
  /** As it was when the last line of the history had been closed. */
  readonly state: OnlineState
}

/**
 * Makes the lines again that W&B has, up to the first row that counts no more. `begun`: before the first row. Reads the
 * journal: blocks, but for moments in between.
 */
export async function keptLines(
  journal: RewoundJournal,
  begun: OnlineState,
  signal: AbortSignal,
): Promise<KeptLines> {
  const { runDir } = journal
  const names = new MetricNames()
  let { history } = begun
  let summary = begun.summary
  let count = 0
  let isAll = true
  let events = 0
  for (const { batch, isBehind } of survivors(journal)) {
    for (const { kind } of batch.media.values()) if (kind === 'system') events++
    if (isBehind) isAll = false
    else {
      const merged = mergeRows(history, shifted(batch, begun.stepShift), names, { runDir })
      const adding = new Summary(summary)
      for (const line of merged.lines) adding.add(line, begun.startTime)
      summary = adding.state()
      history = merged.state
      count += merged.lines.length
    }
    await setImmediate()
    signal.throwIfAborted()
  }
  return { count, isAll, events, state: { ...begun, history, summary } }
}
