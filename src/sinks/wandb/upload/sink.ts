/**
 * The sink "wandb-upload": what `offstep sync` sends of an offline run, straight from the journal. The online sink,
 * with a cursor of its own, so that the log of the offline sink, and its cursor, stay as they are.
 *
 * Its lines are those of the log, at the same numbers: laid over what `wandb sync` has uploaded, they change nothing.
 */
import type { RecordBatch } from '../../../record/batch.js'
import { SinkError } from '../../errors.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../../sink.js'
import { newRun, readBaseline, writeBaseline } from '../online/run/baseline.js'
import { markDelivery } from '../online/run/earlier-runs.js'
import { wandbSettings } from '../settings/settings.js'
import { createSink as createWandbSink, type WandbSinkSetup } from '../sink.js'
import { isPartMarked } from './marks.js'

export function createSink(setup: WandbSinkSetup = {}): Sink {
  return new UploadSink(setup)
}

/** They say what a run is that begins now. This one has begun. */
const OF_A_NEW_RUN = [
  'WANDB_MODE',
  'WANDB_RUN_ID',
  'WANDB_RESUME',
  'WANDB_PROJECT',
  'WANDB_NAME',
  'WANDB_NOTES',
  'WANDB_TAGS',
  'WANDB_RUN_GROUP',
  'WANDB_JOB_TYPE',
  'WANDB_DIR',
]

/** Where to and as whom: all that the environment of an upload says. */
export function uploadEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OF_A_NEW_RUN.includes(name)))
}

class UploadSink implements Sink {
  readonly afterRewind = 'continue'
  readonly #env: NodeJS.ProcessEnv
  readonly #sink: Sink

  constructor({ env = process.env, ...parts }: WandbSinkSetup) {
    this.#env = uploadEnvironment(env)
    this.#sink = createWandbSink({ env: this.#env, ...parts })
  }

  get batchBytes(): number | undefined {
    return this.#sink.batchBytes
  }

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    if (state === null) this.#beginAtFirstLine(context)
    await this.#sink.open(context, state)
  }

  write(batch: RecordBatch): Promise<WriteResult> {
    return this.#sink.write(batch)
  }

  close(outcome: RunOutcome): Promise<void> {
    return this.#sink.close(outcome)
  }

  /** A run that `wandb sync` has uploaded is there, and yet it is not one that this one would continue. */
  #beginAtFirstLine(context: SinkContext): void {
    const settings = wandbSettings(context, this.#env)
    const { runId, runIdGiven, resume } = settings
    // `wandb sync` may have begun to upload it: what is there is this run.
    if (!runIdGiven) markDelivery(context.runDir, settings, { ended: false })
    if (!runIdGiven || readBaseline(context.runDir, runId) !== null) return
    if (!isPartMarked(context.runDir, context.startTime)) return
    if (resume !== undefined && resume !== 'never') throw uploadedOnTop(runId)
    writeBaseline(context.runDir, newRun(runId))
  }
}

const uploadedOnTop = (runId: string): SinkError =>
  new SinkError(
    'pause',
    'WANDB_UPLOADED',
    `\`wandb sync\` has put this run's rows behind those of the run "${runId}" already: sent again they would be there twice`,
  )
