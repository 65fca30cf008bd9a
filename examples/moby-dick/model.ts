import * as tf from '@tensorflow/tfjs-core'
import { causalConvolution } from './causal-convolution.js'
import type { Hyperparameters } from './hyperparameters.js'
import { crossEntropy, embed, linear, relu, residual, rmsNorm } from './operations.js'
import { createRandom, normal } from './random.js'
import type { Batch } from './text.js'

interface Layer {
  readonly weights: tf.Variable<tf.Rank.R2>
  readonly bias: tf.Variable<tf.Rank.R1>
  readonly dilation: number
}

/**
 * A character language model: an embedding, causal dilated convolutions with residual connections over a
 * normalised input (WaveNet without its gates, arXiv:1609.03499), and a linear layer to the next character.
 */
export class CharacterModel {
  readonly variables: tf.Variable[] = []
  readonly parameterCount: number
  /** How many characters the prediction of the next one depends on. */
  readonly receptiveField: number

  readonly #vocabularySize: number
  readonly #taps: number
  readonly #embedding: tf.Variable<tf.Rank.R2>
  readonly #layers: Layer[]
  readonly #output: Omit<Layer, 'dilation'>

  constructor(
    vocabularySize: number,
    { embeddingSize, channels, taps, dilations }: Hyperparameters,
    seed: number,
  ) {
    const random = createRandom(seed)
    const weights = (name: string, rows: number, columns: number, standardDeviation: number) =>
      this.#add(name, tf.tensor2d(normal(random, rows * columns, standardDeviation), [rows, columns]))
    const bias = (name: string, size: number) => this.#add(name, tf.zeros<tf.Rank.R1>([size]))

    this.#vocabularySize = vocabularySize
    this.#taps = taps
    this.#embedding = weights('embedding', vocabularySize, embeddingSize, 1)
    this.#layers = dilations.map((dilation, index) => {
      const inputs = taps * (index === 0 ? embeddingSize : channels)
      const name = `convolution_${index + 1}`
      return {
        dilation,
        weights: weights(`${name}/weights`, inputs, channels, Math.sqrt(2 / inputs)),
        bias: bias(`${name}/bias`, channels),
      }
    })
    this.#output = {
      weights: weights('output/weights', channels, vocabularySize, 0.02),
      bias: bias('output/bias', vocabularySize),
    }
    this.parameterCount = this.variables.reduce((total, { size }) => total + size, 0)
    this.receptiveField = 1 + (taps - 1) * dilations.reduce((total, dilation) => total + dilation, 0)
  }

  /** Scores of the next character, [time * sequences, vocabulary], for time-major character ids. */
  logits(ids: Int32Array, sequences: number): tf.Tensor2D {
    let x = embed(this.#oneHot(ids), this.#embedding)
    for (const [index, { weights, bias, dilation }] of this.#layers.entries()) {
      const shape = { taps: this.#taps, stride: dilation * sequences }
      if (index === 0) x = relu(causalConvolution(x, weights, bias, shape))
      else x = residual(x, relu(causalConvolution(rmsNorm(x), weights, bias, shape)))
    }
    return linear(x, this.#output.weights, this.#output.bias)
  }

  /** Mean cross-entropy of the next character, in nats. */
  loss({ inputs, targets, sequences }: Batch): tf.Scalar {
    return crossEntropy(this.logits(inputs, sequences), this.#oneHot(targets))
  }

  #oneHot(ids: Int32Array): tf.Tensor2D {
    // Not oneHot(..., 'float32'): the WASM kernel (4.22) writes integer bits into it.
    return tf.cast(tf.oneHot(tf.tensor1d(ids, 'int32'), this.#vocabularySize), 'float32') as tf.Tensor2D
  }

  #add<R extends tf.Rank>(name: string, initial: tf.Tensor<R>): tf.Variable<R> {
    const created = tf.variable(initial, true, name)
    initial.dispose()
    this.variables.push(created)
    return created
  }
}
