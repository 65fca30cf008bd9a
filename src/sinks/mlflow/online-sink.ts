/**
 * MLflow online: points by log-batch, with the times of their log calls. What comes again after a crash is the same to
 * the last digit, and MLflow drops what it has. Params, tags and files lay themselves over themselves. State: state.ts.
 */
import type { RecordBatch } from '../../record/batch.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { Client } from './api/client.js'
import { Transport } from './api/transport.js'
import { multipartSizes } from './artifacts/store.js'
import { findRun } from './run/begin-run.js'
import { type Begun, beginRun, readBegun } from './run/begun.js'
import { describeRun } from './run/description.js'
import { RunSession } from './run/run-session.js'
import { runUrl } from './run/run-url.js'
import { getRun, type ServerRun } from './run/server-run.js'
import { findCredentials } from './settings/credentials.js'
import type { MlflowSettings } from './settings/settings.js'
import { tlsOptions } from './settings/tls.js'
import { checkedTrackingUri } from './settings/tracking-uri.js'
import { type OnlineState, parseState } from './state.js'

export interface OnlineSetup {
  readonly settings: MlflowSettings
  readonly env: NodeJS.ProcessEnv
}

interface Opening {
  readonly client: Client
  readonly begun: Begun
  readonly trackingUri: string
}

export class OnlineSink implements Sink {
  /** MLflow keeps what it has. */
  readonly afterRewind = 'continue'
  readonly #settings: MlflowSettings
  readonly #env: NodeJS.ProcessEnv
  #context!: SinkContext
  #transport: Transport | null = null
  #session: RunSession | null = null

  constructor({ settings, env }: OnlineSetup) {
    this.#settings = settings
    this.#env = env
  }

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    await this.#letGo()
    this.#context = context
    const committed = state === null ? null : parseState(state)
    const opening = this.#connect(committed)
    try {
      const found = await this.#find(opening, committed)
      const known = committed ?? (await this.#firstState(opening, found))
      this.#session = this.#sessionOf(opening.client, found, known)
      await this.#session.begin(committed === null)
    } catch (error) {
      await this.#letGo()
      throw error
    }
    this.#tellUrl(this.#session.state)
  }

  write(batch: RecordBatch): Promise<WriteResult> {
    return this.#session!.write(batch)
  }

  async close(outcome: RunOutcome): Promise<void> {
    try {
      if (outcome.status !== 'running') await this.#session?.end(outcome)
    } finally {
      await this.#letGo()
    }
  }

  /** A run stays at the server where it has begun, unless an option names another address for it. */
  #connect(committed: OnlineState | null): Opening {
    const pinned = committed?.run.trackingUri
    const { trackingUri: option } = this.#context.options
    const given = typeof option === 'string' ? option : undefined
    if (pinned === undefined && given === undefined) checkedTrackingUri(this.#settings.trackingUri)
    const begun = beginRun(this.#context, this.#settings)
    const trackingUri = checkedTrackingUri(given ?? pinned ?? begun.trackingUri ?? this.#settings.trackingUri)
    this.#transport = new Transport(trackingUri, this.#env, tlsOptions(this.#env))
    const credentials = () => findCredentials(this.#settings.credentials, this.#env)
    return { client: new Client(this.#transport, trackingUri, credentials), begun, trackingUri }
  }

  #find({ client, begun, trackingUri }: Opening, committed: OnlineState | null): Promise<ServerRun> {
    const { signal, runDir, runId, runName, project } = this.#context
    if (committed !== null) return getRun(client, committed.run.runId, signal)
    const resumed = begun.runId !== undefined
    const description = describeRun({ runDir, runId, runName, project, resumed }, this.#settings)
    return findRun({
      client,
      settings: this.#settings,
      context: this.#context,
      begun,
      description,
      trackingUri,
    })
  }

  async #firstState({ client, begun, trackingUri }: Opening, found: ServerRun): Promise<OnlineState> {
    const { runId, experimentId, artifactUri } = found
    const resumed = begun.runId !== undefined
    return {
      run: { runId, experimentId, artifactUri, trackingUri, resumed },
      version: await client.version(this.#context.signal),
      systemStep: (resumed && readBegun(this.#context.runDir)?.systemStep) || 0,
      artifacts: [],
    }
  }

  #sessionOf(client: Client, found: ServerRun, state: OnlineState): RunSession {
    return new RunSession({
      client,
      context: this.#context,
      settings: this.#settings,
      sizes: multipartSizes(this.#env),
      found,
      state,
    })
  }

  #tellUrl({ run }: OnlineState): void {
    const url = runUrl(run)
    this.#context.publishUrl?.(url)
    if (!this.#settings.silent) this.#context.announce?.('url', `view the run at ${url}`)
  }

  async #letGo(): Promise<void> {
    this.#session?.stop()
    this.#session = null
    const transport = this.#transport
    this.#transport = null
    await transport?.close()
  }
}
