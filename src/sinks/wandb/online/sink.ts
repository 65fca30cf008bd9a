/**
 * W&B online: history lines by file_stream, whose offsets are line numbers that the client owns. What comes again
 * after a crash is sent again at the same offset, and lays itself over itself.
 *
 * The newest line stays in the state until a row of another step comes, since W&B's lines cannot be changed later; it
 * is sent when the run is closed. State: see state.ts.
 */
import type { RecordBatch } from '../../../record/batch.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../../sink.js'
import { findApiKey } from '../credentials.js'
import { exitCodeOf } from '../exit-code.js'
import { mergeRows } from '../history.js'
import { MetricNames } from '../names.js'
import { describeRun, type RunDescription } from '../run-description.js'
import type { WandbSettings } from '../settings.js'
import { Summary } from '../summary.js'
import { beginRun } from './begin-run.js'
import { endRun } from './end-run.js'
import { FileStream } from './file-stream.js'
import { GraphQl } from './graphql.js'
import { Heartbeat } from './heartbeat.js'
import { LineSender, type SentLines } from './line-sender.js'
import { Pace } from './pace.js'
import { keepRefused } from './refused-lines.js'
import { runUrl } from './run-url.js'
import { type Sending, sendSummary } from './send-summary.js'
import { type OnlineState, parseState } from './state.js'
import { Transport } from './transport.js'

/** As often as W&B's own clients send the summary. */
const REFRESH_MS = 15_000

export interface OnlineSetup {
  readonly settings: WandbSettings
  readonly env: NodeJS.ProcessEnv
  readonly pace?: Pace
  /** How often the summary goes out while the run lives, in ms. */
  readonly refreshMs?: number
}

/** What is open between `open()` and `close()`. */
interface Connection {
  readonly transport: Transport
  readonly graphql: GraphQl
  readonly stream: FileStream
  readonly sender: LineSender
  readonly heartbeat: Heartbeat
  /** The description of the run that the server has, as JSON. */
  description: string
}

export class OnlineSink implements Sink {
  readonly #settings: WandbSettings
  readonly #env: NodeJS.ProcessEnv
  readonly #pace: Pace
  readonly #refreshMs: number
  #context!: SinkContext
  #connection: Connection | null = null
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
      const description = this.#describe()
      if (committed === null) this.#state = await this.#begin(graphql, description)
      else this.#state = await this.#update(graphql, description, committed)
      context.publishUrl?.(runUrl(this.#settings.baseUrl, this.#state.run))
      this.#connection = this.#connect(transport, graphql, JSON.stringify(description))
    } catch (error) {
      await transport.close()
      throw error
    }
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const { startTime } = this.#state
    const { warn } = this.#context
    const merged = mergeRows(this.#state.history, batch, this.#names)
    if (merged.state.lateRows > 0) warn('late-rows', LATE_ROWS)
    const sent = await this.#connection!.sender.send(merged.lines, this.#state, this.#key(), this.#signal)
    const summary = new Summary(this.#state.summary)
    const refused = new Set(sent.refused.map(({ line }) => line))
    for (const line of merged.lines) if (!refused.has(line)) summary.add(line, startTime)
    const state = this.#after(merged.state, summary, sent)
    if (merged.lines.length > 0) await this.#refresh(state)
    if (this.#connection!.stream.stopped) warn('stop-requested', 'somebody has asked at W&B to stop this run')
    const rejected = [...merged.rejected, ...keepRefused(sent.refused, startTime, this.#context)]
    this.#state = state
    return { state, notApplicable: merged.notApplicable, rejected }
  }

  async close(outcome: RunOutcome): Promise<void> {
    try {
      if (outcome.status !== 'running' && this.#connection !== null) {
        await this.#complete(exitCodeOf(outcome.status))
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

  #begin(graphql: GraphQl, description: RunDescription): Promise<OnlineState> {
    return beginRun({
      graphql,
      description,
      settings: this.#settings,
      context: this.#context,
      key: this.#key(),
    })
  }

  async #update(graphql: GraphQl, description: RunDescription, state: OnlineState): Promise<OnlineState> {
    return { ...state, run: await graphql.upsertBucket(state.run, description, this.#key(), this.#signal) }
  }

  #describe(): RunDescription {
    return describeRun(this.#context.runDir, this.#context.runName, this.#settings)
  }

  #connect(transport: Transport, graphql: GraphQl, description: string): Connection {
    const { run, startTime } = this.#state
    const stream = new FileStream(transport, this.#pace, run)
    const sender = new LineSender(stream, startTime)
    const heartbeat = new Heartbeat(stream, () => this.#key())
    return { transport, graphql, stream, sender, heartbeat, description }
  }

  #after(history: OnlineState['history'], summary: Summary, sent: SentLines): OnlineState {
    return {
      ...this.#state,
      history,
      summary: summary.state(),
      offset: sent.offset,
      refusedLines: this.#state.refusedLines + sent.refused.length,
      refusedInRow: sent.refusedInRow,
    }
  }

  /** Now and then while the run lives; the end of the run brings it again. */
  async #refresh(state: OnlineState): Promise<void> {
    const now = performance.now()
    if (now - this.#refreshedAt < this.#refreshMs) return
    this.#refreshedAt = now
    await this.#tellNews()
    await sendSummary(this.#sending(), state)
  }

  /** What has become known of the run since the server was told: run.json grows while the run lives. */
  async #tellNews(): Promise<void> {
    const connection = this.#connection!
    const known = this.#describe()
    const description = JSON.stringify(known)
    if (description === connection.description) return
    await this.#update(connection.graphql, known, this.#state)
    connection.description = description
  }

  #sending(): Sending {
    return { stream: this.#connection!.stream, key: this.#key(), context: this.#context }
  }

  async #complete(exitCode: number): Promise<void> {
    await this.#tellNews()
    await endRun({ ...this.#sending(), sender: this.#connection!.sender, state: this.#state, exitCode })
  }

  async #letGo(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    connection?.heartbeat.stop()
    await connection?.transport.close()
  }
}

const LATE_ROWS =
  'rows came with a step below one that W&B has already; they are sent with their step as "offstep/step"'
