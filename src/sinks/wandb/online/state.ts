import * as v from 'valibot'
import { SinkError } from '../../errors.js'
import type { SinkState } from '../../sink.js'
import { type HistoryState, historyState } from '../history/history.js'
import { type SummaryState, summaryState } from '../run/summary.js'
import type { AlertState } from './alerts.js'
import type { KnownRun } from './run/bucket.js'
import type { LineCounts } from './stream/stream-request.js'

const number = v.pipe(v.number(), v.finite())
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const onlineState = v.object({
  run: v.object({ runId: v.string(), entity: v.string(), project: v.string(), storageId: v.string() }),
  startTime: number,
  offsets: v.object({ history: count, events: count, console: count }),
  history: historyState,
  stepShift: v.nullable(number),
  summary: summaryState,
  alerts: v.array(v.tuple([v.string(), number])),
  refusedLines: count,
  refusedInRow: count,
  rewinds: v.optional(count, 0),
})

/** What a cursor holds of a run that is streamed to W&B. Plain JSON. */
export type OnlineState = {
  /** Pinned: another environment, in a later recovery, must not send the rest of the run somewhere else. */
  readonly run: KnownRun
  /** From which `_runtime` counts, in milliseconds since the epoch; before the run's own where it is resumed. */
  readonly startTime: number
  /** The numbers of the next lines. */
  readonly offsets: LineCounts
  readonly history: HistoryState
  /** See step-shift.ts. */
  readonly stepShift: number | null
  readonly summary: SummaryState
  readonly alerts: AlertState
  readonly refusedLines: number
  /** Lines refused since the last one that was taken. */
  readonly refusedInRow: number
  /** So many rewinds of the run (journal/rewinds.ts) W&B has been told of. */
  readonly rewinds: number
}

/** Throws a `rebuild` SinkError where the state is not one of ours: the same lines are sent again from the first. */
export function parseState(state: SinkState): OnlineState {
  const result = v.safeParse(onlineState, state)
  if (result.success) return result.output
  throw new SinkError(
    'rebuild',
    'STATE_INVALID',
    "the W&B cursor cannot be read; the run's lines are sent again from the journal, over themselves",
  )
}
