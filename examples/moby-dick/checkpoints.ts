import type { Run, SaveResult } from '../../src/index.js'
import type { Adam } from './adam.js'
import type { CharacterModel } from './model.js'
import type { Random } from './random.js'

/** What training needs to go on as if it had not ended. */
export interface TrainingState {
  readonly model: CharacterModel
  readonly optimizer: Adam
  readonly random: Random
}

/** What a checkpoint holds beside the weights and the optimizer. */
interface SavedState {
  readonly optimizerSteps: number
  readonly randomState: number
  /** Of training so far, over all processes. */
  readonly elapsedSeconds: number
}

export interface Progress {
  readonly step: number
  readonly elapsedSeconds: number
}

const named = ({ variables }: CharacterModel) =>
  Object.fromEntries(variables.map((variable) => [variable.name, variable]))

/** The weights are copied before it returns, and written on another thread: the training need not wait. */
export function saveCheckpoint(
  run: Run,
  { model, optimizer, random }: TrainingState,
  { step, elapsedSeconds }: Progress,
  validationLoss: number,
): Promise<SaveResult> {
  const state: SavedState = { optimizerSteps: optimizer.steps, randomState: random.state, elapsedSeconds }
  return run.checkpoints.save(
    step,
    { model: named(model), optimizer: optimizer.slots },
    { metrics: { 'validation/loss': validationLoss }, state },
  )
}

/** Puts the checkpoint that a run was resumed from into the model; null where there is none: training begins. */
export async function loadCheckpoint(
  run: Run,
  { model, optimizer, random }: TrainingState,
): Promise<Progress | null> {
  if (run.resumed?.checkpoint == null) return null
  const loaded = await run.checkpoints.load({ model: named(model), optimizer: optimizer.slots })
  const { optimizerSteps, randomState, elapsedSeconds } = loaded!.state as unknown as SavedState
  optimizer.steps = optimizerSteps
  random.state = randomState
  return { step: loaded!.info.step, elapsedSeconds }
}

/** The best weights as a version of a model, and the config beside them. */
export async function keepArtifacts(run: Run, config: object): Promise<void> {
  run.artifact(
    { 'config.json': Buffer.from(`${JSON.stringify(config, null, 2)}\n`) },
    { name: 'char-lm-config', type: 'config' },
  )
  const best = await run.checkpoints.best()
  if (best === null) return
  const { step, metrics } = best
  run.artifact(best.path, {
    name: 'char-lm',
    type: 'model',
    aliases: ['best'],
    metadata: { step, ...metrics },
  })
}
