/**
 * The sink "wandb": streams to a W&B server, or writes the file that `wandb sync` uploads, or does nothing; as the
 * option `mode` or WANDB_MODE says when the run begins. State: the mode, beside that sink's own.
 */
import type { RecordBatch } from '../../record/batch.js'
import { DisabledSink } from '../disabled.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import type { Pace } from './online/http/pace.js'
import type { OnlineSetup } from './online/sink.js'
import { autoResumed, forgetAutoResume } from './settings/auto-resume.js'
import type { WandbMode } from './settings/options.js'
import { type WandbSettings, wandbSettings } from './settings/settings.js'

export interface WandbSinkSetup {
  /** Default: of this process. */
  readonly env?: NodeJS.ProcessEnv
  /** Default: what W&B allows. */
  readonly pace?: Pace
  /** See OnlineSetup. */
  readonly refreshMs?: number
}

export function createSink(setup: WandbSinkSetup = {}): Sink {
  return new WandbSink(setup)
}

/** Loaded only when used: a run that is offline loads no HTTP client. */
const SINKS: { readonly [Mode in WandbMode]: (setup: OnlineSetup) => Promise<Sink> } = {
  online: async (setup) => new (await import('./online/sink.js')).OnlineSink(setup),
  offline: async ({ settings }) => new (await import('./offline/sink.js')).OfflineSink(settings),
  disabled: async () => new DisabledSink(),
}

class WandbSink implements Sink {
  /** W&B takes two requests a second: with the engine's own batches, 100,000 rows of ten took half a minute. */
  readonly batchBytes = 2 * 2 ** 20
  /** Online the run is rewound at W&B; offline the log is written anew: see there. */
  readonly afterRewind = 'continue'
  readonly #setup: WandbSinkSetup
  #sink: Sink | null = null
  #mode: WandbMode = 'online'
  #settings: WandbSettings | null = null

  constructor(setup: WandbSinkSetup) {
    this.#setup = setup
  }

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    await this.#sink?.close({ status: 'running', endTime: context.startTime })
    this.#sink = null
    const { env = process.env, ...parts } = this.#setup
    const given = wandbSettings(context, env)
    const { mode, ...own } = state ?? {}
    // What has begun in one way goes on in it.
    this.#mode = isMode(mode) ? mode : given.mode
    this.#settings = autoResumed({ ...given, mode: this.#mode }, context)
    this.#sink = await SINKS[this.#mode]({ settings: this.#settings, env, ...parts })
    await this.#sink.open(context, state === null ? null : own)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const result = await this.#sink!.write(batch)
    return { ...result, state: { mode: this.#mode, ...result.state } }
  }

  async close(outcome: RunOutcome): Promise<void> {
    await this.#sink?.close(outcome)
    if (outcome.status === 'completed' && this.#settings !== null) forgetAutoResume(this.#settings)
  }
}

const isMode = (mode: unknown): mode is WandbMode => typeof mode === 'string' && Object.hasOwn(SINKS, mode)
