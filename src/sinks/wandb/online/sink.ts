/**
 * W&B online: lines by file_stream, whose offsets are line numbers that the client owns. What comes again after a crash
 * is sent again at the same offset, and lays itself over itself. Files, alerts and artifacts go before the cursor does.
 *
 * The newest history lines stay in the state until no row of theirs is to be expected, since W&B's lines cannot be
 * changed later; they are sent when the run is closed. State: see state.ts.
 */
import { join } from 'node:path'
import { readRewinds } from '../../../journal/rewinds.js'
import type { RecordBatch } from '../../../record/batch.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../../sink.js'
import { LATE_ROWS } from '../history/late-rows.js'
import { MetricNames } from '../history/names.js'
import { exitCodeOf } from '../run/exit-code.js'
import { Summary } from '../run/summary.js'
import { findApiKey } from '../settings/credentials.js'
import type { WandbSettings } from '../settings/settings.js'
import { makeCalls } from './batch-calls.js'
import { type BatchPlan, planBatch } from './batch-plan.js'
import { Connection } from './connection.js'
import { Pace } from './http/pace.js'
import { Transport } from './http/transport.js'
import { Rewinder } from './rewind/rewinder.js'
import { endedState, endRun } from './run/end-run.js'
import { GraphQl } from './run/graphql.js'
import { RunProfile } from './run/run-profile.js'
import { runUrl } from './run/run-url.js'
import { type OnlineState, parseState } from './state.js'
import type { SentLines } from './stream/line-sender.js'
import { keepRefused } from './stream/refused-lines.js'
import { type Sending, sendSummary } from './stream/send-summary.js'

/** As often as W&B's own clients send the summary. */
const REFRESH_MS = 15_000
/** As W&B's own clients: changes of the config that come soon after each other go out together. */
const CONFIG_MS = 5000

export interface OnlineSetup {
  readonly settings: WandbSettings
  readonly env: NodeJS.ProcessEnv
  readonly pace?: Pace
  /** How often the summary goes out while the run lives, in ms. */
  readonly refreshMs?: number
}

export class OnlineSink implements Sink {
  readonly #settings: WandbSettings
  readonly #env: NodeJS.ProcessEnv
  readonly #pace: Pace
  readonly #refreshMs: number
  #context!: SinkContext
  #connection: Connection | null = null
  #rewinder: Rewinder | null = null
  #profile!: RunProfile
  #names = new MetricNames()
  #state!: OnlineState
  #refreshedAt = 0

  constructor({ settings, env, pace = new Pace(), refreshMs = REFRESH_MS }: OnlineSetup) {
    this.#settings = settings
    this.#env = env
    this.#pace = pace
    this.#refreshMs = refreshMs
  }

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    await this.#letGo()
    this.#context = context
    this.#names = new MetricNames()
    this.#refreshedAt = performance.now()
    const committed = state === null ? null : parseState(state)
    const transport = new Transport(this.#settings.baseUrl, this.#env)
    try {
      const graphql = new GraphQl(transport)
      this.#profile = new RunProfile(graphql, this.#settings, context)
      this.#state = await this.#profile.open(committed, this.#key())
      this.#connection = this.#connect(transport, graphql)
      this.#rewinder = this.#rewinding(this.#connection)
    } catch (error) {
      await transport.close()
      throw error
    }
    this.#tellUrl()
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const { warn, runDir } = this.#context
    const connection = this.#connection!
    const rewinder = this.#rewinder!
    if (rewinder.isDue(this.#state)) this.#state = await rewinder.rewind(this.#state, batch, this.#signal)
    const plan = await planBatch(batch, {
      state: this.#state,
      names: this.#names,
      runDir,
      runFiles: connection.files,
      signal: this.#signal,
    })
    const { merged, lines, uploaded, work } = plan
    if (merged.state.lateRows > 0) warn('late-rows', LATE_ROWS)
    const key = this.#key()
    const sent = await connection.sender.send(lines, uploaded, this.#state, key, this.#signal)
    const calls = await makeCalls(work, batch, {
      connection,
      state: this.#state,
      context: this.#context,
      key,
    })
    const state = { ...this.#after(plan, sent), alerts: calls.alerts }
    await this.#refresh(state)
    const rejected = [...plan.rejected, ...keepRefused(sent.refused, this.#context), ...calls.rejected]
    this.#state = state
    connection.settled(plan.files)
    return { state, notApplicable: merged.notApplicable + calls.leftOut, rejected }
  }

  async close(outcome: RunOutcome): Promise<void> {
    try {
      await this.#rewinder?.stop()
      if (outcome.status !== 'running' && this.#connection !== null) {
        await this.#complete(exitCodeOf(outcome))
      }
    } finally {
      await this.#letGo()
    }
  }

  get #signal(): AbortSignal {
    return this.#context.signal
  }

  #key(): string {
    return findApiKey(this.#settings.apiKey, new URL(this.#settings.baseUrl).hostname, this.#env)
  }

  #connect(transport: Transport, graphql: GraphQl): Connection {
    const { warn, runDir, requestStop } = this.#context
    return new Connection({
      transport,
      graphql,
      pace: this.#pace,
      run: this.#state.run,
      runDir,
      key: () => this.#key(),
      onStop: () => {
        warn('stop-requested', 'somebody has asked at W&B to stop this run')
        requestStop?.()
      },
    })
  }

  #rewinding(connection: Connection): Rewinder {
    return new Rewinder({
      connection,
      profile: this.#profile,
      context: this.#context,
      key: () => this.#key(),
      rewinds: readRewinds(join(this.#context.runDir, 'journal')),
    })
  }

  #tellUrl(): void {
    const url = runUrl(this.#settings.baseUrl, this.#state.run)
    this.#context.publishUrl?.(url)
    if (!this.#settings.silent) this.#context.announce?.('url', `view the run at ${url}`)
  }

  #after({ merged, stepShift }: BatchPlan, sent: SentLines): OnlineState {
    const refused = new Set(sent.refused.map(({ line }) => line.history))
    const summary = new Summary(this.#state.summary, merged.state.updates)
    for (const line of merged.lines) if (!refused.has(line)) summary.add(line, this.#state.startTime)
    return {
      ...this.#state,
      history: merged.state,
      stepShift,
      summary: summary.state(),
      offsets: sent.offsets,
      refusedLines: this.#state.refusedLines + sent.refused.length,
      refusedInRow: sent.refusedInRow,
    }
  }

  /** Now and then while the run lives; the end of the run brings it again. */
  async #refresh(state: OnlineState): Promise<void> {
    const now = performance.now()
    if (now - this.#refreshedAt >= this.#refreshMs) {
      this.#refreshedAt = now
      await this.#profile.tell(state, this.#key())
      await sendSummary(this.#sending(), state)
    } else if (this.#configChanged(state) && now - this.#profile.toldAt >= CONFIG_MS) {
      await this.#profile.tell(state, this.#key())
    }
  }

  /** Only by what is the same object where nothing has changed. */
  #configChanged({ history }: OnlineState): boolean {
    const { config, metrics } = this.#state.history.updates
    return config !== history.updates.config || metrics !== history.updates.metrics
  }

  #sending(): Sending {
    return { stream: this.#connection!.stream, key: this.#key(), context: this.#context }
  }

  async #complete(exitCode: number): Promise<void> {
    await this.#profile.tell(endedState(this.#state), this.#key())
    await endRun({ ...this.#sending(), sender: this.#connection!.sender, state: this.#state, exitCode })
    this.#profile.ended()
  }

  async #letGo(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    await this.#rewinder?.stop()
    this.#rewinder = null
    await connection?.close()
  }
}
