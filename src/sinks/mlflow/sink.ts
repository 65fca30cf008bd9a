/**
 * The sink "mlflow": delivers to an MLflow tracking server, or leaves that to `offstep sync`, or does nothing; as the
 * option `mode` says when the run begins. State: the mode, beside that sink's own.
 */
import type { RecordBatch } from '../../record/batch.js'
import { DisabledSink } from '../disabled.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import type { OnlineSetup } from './online-sink.js'
import { beginRun } from './run/begun.js'
import type { MlflowMode } from './settings/options.js'
import { mlflowSettings } from './settings/settings.js'

export interface MlflowSinkSetup {
  /** Default: of this process. */
  readonly env?: NodeJS.ProcessEnv
}

export function createSink(setup: MlflowSinkSetup = {}): Sink {
  return new MlflowSink(setup)
}

/** Loaded only when used: a run that is offline loads no HTTP client. */
const SINKS: { readonly [Mode in MlflowMode]: (setup: OnlineSetup) => Promise<Sink> } = {
  online: async (setup) => new (await import('./online-sink.js')).OnlineSink(setup),
  offline: async () => new DisabledSink(),
  disabled: async () => new DisabledSink(),
}

class MlflowSink implements Sink {
  readonly afterRewind = 'continue'
  readonly #env: NodeJS.ProcessEnv
  #sink: Sink | null = null
  #mode: MlflowMode = 'online'

  constructor({ env = process.env }: MlflowSinkSetup) {
    this.#env = env
  }

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    await this.#sink?.close({ status: 'running', endTime: context.startTime })
    this.#sink = null
    const settings = mlflowSettings(context, this.#env)
    const { mode, ...own } = state ?? {}
    // What has begun in one way goes on in it.
    this.#mode = isMode(mode) ? mode : settings.mode
    if (this.#mode === 'offline') beginRun(context, settings)
    this.#sink = await SINKS[this.#mode]({ settings, env: this.#env })
    await this.#sink.open(context, state === null ? null : own)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const result = await this.#sink!.write(batch)
    return { ...result, state: { mode: this.#mode, ...result.state } }
  }

  async close(outcome: RunOutcome): Promise<void> {
    await this.#sink?.close(outcome)
  }
}

const isMode = (mode: unknown): mode is MlflowMode => typeof mode === 'string' && Object.hasOwn(SINKS, mode)
