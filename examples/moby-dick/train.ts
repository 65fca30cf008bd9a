import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Run } from '../../src/index.js'
import { Adam } from './adam.js'
import { loadCheckpoint, saveCheckpoint } from './checkpoints.js'
import { meanLoss } from './evaluate.js'
import type { Hyperparameters } from './hyperparameters.js'
import type { Metrics } from './metrics.js'
import type { CharacterModel } from './model.js'
import type { Progress } from './progress.js'
import type { Random } from './random.js'
import { type Budget, fractionDone, learningRateAt } from './schedule.js'
import { type Corpus, randomBatch } from './text.js'
import { trainStep } from './train-step.js'
import { UsageError } from './usage-error.js'

/** About 10,000 characters, the same ones each time: within 1% of the perplexity over the whole validation text. */
const VALIDATION_BATCHES = 20

export interface Training {
  readonly run: Run
  readonly model: CharacterModel
  readonly corpus: Corpus
  readonly hyperparameters: Hyperparameters
  readonly budget: Budget
  readonly random: Random
  readonly metrics: Metrics
  readonly progress: Progress
}

export interface TrainingResult {
  /** Of this process. */
  readonly steps: number
  readonly lastStep: number
  /** Time in gradient steps alone, without validation, logging and drawing. */
  readonly stepSeconds: number
  /** The whole loop. */
  readonly elapsedSeconds: number
}

export async function train(training: Training): Promise<TrainingResult> {
  const { run, model, corpus, hyperparameters, budget, random, metrics, progress } = training
  const { batchSize, sequenceLength, clipNorm, validateEverySteps } = hyperparameters
  const optimizer = new Adam(model.variables, hyperparameters)
  const state = { model, optimizer, random }
  const before = (await loadCheckpoint(run, state)) ?? { step: 0, elapsedSeconds: 0 }
  const startedAt = performance.now()
  const elapsedSeconds = () => before.elapsedSeconds + (performance.now() - startedAt) / 1000
  let saved: Promise<unknown> = Promise.resolve()
  let stepSeconds = 0
  let step = before.step
  let fraction = fractionDone(budget, step, elapsedSeconds())
  if (fraction >= 1) {
    throw new UsageError(`This run has made ${step} steps already: give more --steps or --seconds to go on.`)
  }

  while (fraction < 1) {
    step += 1
    const learningRate = learningRateAt(step, fraction, hyperparameters)
    const batch = randomBatch(corpus.training, random, batchSize, sequenceLength)
    const stepStartedAt = performance.now()
    const result = await trainStep(model, optimizer, batch, { learningRate, clipNorm })
    const seconds = (performance.now() - stepStartedAt) / 1000
    stepSeconds += seconds

    const tokensPerSecond = (batchSize * sequenceLength) / seconds
    metrics.log(
      {
        'train/loss': result.loss,
        'train/perplexity': Math.exp(result.loss),
        'train/learning_rate': learningRate,
        'train/grad_norm': result.gradientNorm,
        'train/grad_norm_clipped': result.clippedGradientNorm,
        'train/tokens_per_second': tokensPerSecond,
      },
      step,
    )

    fraction = fractionDone(budget, step, elapsedSeconds())
    if (step % validateEverySteps === 0 || fraction >= 1) {
      const loss = await meanLoss(model, corpus.validation, {
        sequenceLength,
        batchSize,
        maxBatches: VALIDATION_BATCHES,
      })
      metrics.logWeights(model.variables, step)
      metrics.log({ 'validation/loss': loss, 'validation/perplexity': Math.exp(loss) }, step)
      saved = saveCheckpoint(run, state, { step, elapsedSeconds: elapsedSeconds() }, loss)
    }
    const trackerMicroseconds = metrics.totalLogMicroseconds / step
    progress.update({ fraction, step, loss: result.loss, tokensPerSecond, trackerMicroseconds })
    // The WASM and CPU backends compute on this thread: without a turn of the event loop, Ctrl-C would wait.
    await nextTurn()
  }
  await saved
  return { steps: step - before.step, lastStep: step, stepSeconds, elapsedSeconds: elapsedSeconds() }
}
