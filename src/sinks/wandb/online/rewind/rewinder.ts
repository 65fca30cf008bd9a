/**
 * A run that was resumed from an earlier step: W&B's run is rewound, and goes on with what counts.
 *
 * A line that was sent is never changed, so W&B is asked to take its history back to the last line that the superseded
 * rows have had no part in. The journal says which one that is: the rows before the first superseded one make the same
 * lines again. What counts of the rows behind it is sent anew, and so are events and console, which W&B resets.
 *
 * A function of the journal and the state: where a crash comes before the cursor is committed, all of it is done again.
 * A server that does not rewind keeps what it has, and what comes now is late (docs/decisions/016-wandb-steps.md).
 */
import type { Rewind } from '../../../../journal/rewinds.js'
import type { RecordBatch } from '../../../../record/batch.js'
import { orAborted } from '../../../background.js'
import { SinkError } from '../../../errors.js'
import type { SinkContext } from '../../../sink.js'
import type { Connection } from '../connection.js'
import { resumeStatus } from '../run/bucket.js'
import type { RunProfile } from '../run/run-profile.js'
import type { OnlineState } from '../state.js'
import { keptLines } from './kept-lines.js'
import { resend } from './resend.js'
import { isNotEnded, refusesRewind, rewindRun } from './rewind-call.js'
import type { RewoundJournal } from './survivors.js'

const LATE = 'the time was over before the run was rewound at W&B'
/** As of a process that was killed: W&B rewinds only a run that has ended. */
const KILLED = 255
/** W&B may take a moment to see that the run has ended; after so many refusals it is taken for a no. */
const MAX_NOT_ENDED = 5
const NOT_ENDED_MS = 2000

export interface RewinderParts {
  readonly connection: Connection
  readonly profile: RunProfile
  readonly context: SinkContext
  readonly key: () => string
  /** Of the run's journal. */
  readonly rewinds: readonly Rewind[]
}

export class Rewinder {
  readonly #parts: RewinderParts
  readonly #abort = new AbortController()
  /** Goes on between the slices of a delivery. */
  #working: Promise<OnlineState> | null = null
  /** W&B was told that the run has ended, and not yet that it goes on. */
  #ended = false
  #notEnded = 0

  constructor(parts: RewinderParts) {
    this.#parts = parts
  }

  /** True where W&B may have rows that are superseded. */
  isDue(state: OnlineState): boolean {
    return this.#parts.rewinds.length > state.rewinds
  }

  /** The state to write `batch` from, which is the first one that is not delivered. Throws a SinkError that says what to do. */
  async rewind(state: OnlineState, batch: RecordBatch, signal: AbortSignal): Promise<OnlineState> {
    if (this.#working === null) {
      const working = this.#rewind(state, batch)
      this.#working = working
      working.catch(() => {
        this.#working = null
      })
    }
    return orAborted(this.#working, signal, LATE)
  }

  /** Ends what is on its way. */
  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#working?.catch(() => {
      // Nobody waits for it any more.
    })
  }

  async #rewind(state: OnlineState, { producers, sequences }: RecordBatch): Promise<OnlineState> {
    const { connection, profile, context, key, rewinds } = this.#parts
    const { signal } = this.#abort
    const end = { producer: producers[0]!, sequence: sequences[0]! }
    const journal: RewoundJournal = { runDir: context.runDir, rewinds, known: state.rewinds, end }
    const begun = { ...profile.begun(state.run), stepShift: state.stepShift }
    const kept = await keptLines(journal, begun, signal)
    // Lines that W&B had refused have no number; the state knows of all of them.
    const made = Math.max(0, begun.offsets.history + kept.count - state.refusedLines)
    const { history, summary } = kept.isAll ? state : kept.state
    const count = kept.isAll ? state.offsets.history : Math.min(made, state.offsets.history)
    const there = await resumeStatus(connection.graphql, state.run, key(), signal)
    if (there === null) throw new SinkError('retry', 'BAD_ANSWER', 'the W&B server does not know the run')
    const events = begun.offsets.events + kept.events
    const isAhead = there.historyLineCount > count || there.eventsLineCount > events
    const left = isAhead ? await this.#cut(state, history.lastStep) : count
    if (this.#ended) await this.#goOn(state)
    const told = { ...state, rewinds: rewinds.length }
    if (left === null) return told
    // W&B resets both; where the answer that said so was lost, it has fewer lines than it was sent.
    const { offsets: sent } = state
    const logs = isAhead || there.eventsLineCount < sent.events || there.logLineCount < sent.console
    const offsets = { ...sent, ...(logs ? { events: 0, console: 0 } : {}), history: left }
    const from = { ...told, history, summary, offsets }
    return resend({ journal, state: from, logs, connection, context, key: key(), signal })
  }

  /** How many lines are left, the last of them with this `_step`; null where W&B refuses. */
  async #cut(state: OnlineState, lastStep: number): Promise<number | null> {
    const { connection, context, key } = this.#parts
    const { signal } = this.#abort
    try {
      this.#ended = true
      await connection.stream.send({ exitCode: KILLED }, key(), signal)
      return await rewindRun(connection.graphql, state.run, lastStep, key(), signal)
    } catch (error) {
      if (isNotEnded(error) && ++this.#notEnded < MAX_NOT_ENDED) {
        throw new SinkError('retry', 'WANDB_NOT_ENDED', error.message, { retryAfterMs: NOT_ENDED_MS })
      }
      if (!refusesRewind(error)) throw error
      const what = 'steps that come again stand behind them, with their step as offstep/step'
      const message = `W&B does not rewind this run, and keeps the superseded lines: ${what} (${error.message})`
      context.warn('rewind', message)
      return null
    }
  }

  async #goOn(state: OnlineState): Promise<void> {
    await this.#parts.profile.tellAgain(state, this.#parts.key())
    this.#ended = false
  }
}
