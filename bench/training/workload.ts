import * as tf from '@tensorflow/tfjs-core'
import { Adam } from '../../examples/moby-dick/adam.js'
import { type Hyperparameters, hyperparameters } from '../../examples/moby-dick/hyperparameters.js'
import { CharacterModel } from '../../examples/moby-dick/model.js'
import { createRandom } from '../../examples/moby-dick/random.js'
import { learningRateAt } from '../../examples/moby-dick/schedule.js'
import { type Corpus, randomBatch } from '../../examples/moby-dick/text.js'
import { type StepResult, trainStep } from '../../examples/moby-dick/train-step.js'
import type { ModelName } from './measured.js'

const SEED = 1

const HYPERPARAMETERS: { readonly [model in ModelName]: Hyperparameters } = {
  'main job': hyperparameters,
  'small model': {
    ...hyperparameters,
    embeddingSize: 16,
    channels: 32,
    dilations: [1],
    sequenceLength: 16,
    batchSize: 4,
  },
}

export interface TrainedStep extends StepResult {
  readonly learningRate: number
  readonly sequences: number
  readonly tokens: number
}

/** A training that begins anew: the same weights, batches and losses each time. */
export class Workload implements Disposable {
  readonly #corpus: Corpus
  readonly #hyperparameters: Hyperparameters
  readonly #model: CharacterModel
  readonly #optimizer: Adam
  readonly #random = createRandom(SEED + 1)

  constructor(name: ModelName, corpus: Corpus) {
    this.#corpus = corpus
    this.#hyperparameters = HYPERPARAMETERS[name]
    this.#model = new CharacterModel(corpus.vocabulary.size, this.#hyperparameters, SEED)
    this.#optimizer = new Adam(this.#model.variables, this.#hyperparameters)
  }

  get weights(): readonly tf.Variable[] {
    return this.#model.variables
  }

  get parameterCount(): number {
    return this.#model.parameterCount
  }

  /** The example's step: the next batch, forward, backward, clipping, update. */
  async step(step: number): Promise<TrainedStep> {
    const { batchSize, sequenceLength, clipNorm } = this.#hyperparameters
    const batch = randomBatch(this.#corpus.training, this.#random, batchSize, sequenceLength)
    const learningRate = learningRateAt(step, 0, this.#hyperparameters)
    const result = await trainStep(this.#model, this.#optimizer, batch, { learningRate, clipNorm })
    return { ...result, learningRate, sequences: batchSize, tokens: batchSize * sequenceLength }
  }

  [Symbol.dispose](): void {
    tf.dispose([...this.#model.variables, ...Object.values(this.#optimizer.slots)])
  }
}
