import * as tf from '@tensorflow/tfjs-core'

export interface AdamOptions {
  readonly adamBeta1: number
  readonly adamBeta2: number
  readonly adamEpsilon: number
}

/** Adam (Kingma and Ba 2014, arXiv:1412.6980, algorithm 1), with a learning rate given at each step. */
export class Adam {
  /** Running means by name: with `steps`, all that a checkpoint needs of it. */
  readonly slots: { readonly [name: string]: tf.Variable }
  /** Updates so far. */
  steps = 0
  readonly #parameters: { variable: tf.Variable; mean: tf.Variable; square: tf.Variable }[]
  readonly #options: AdamOptions

  constructor(variables: readonly tf.Variable[], options: AdamOptions) {
    this.#options = options
    this.#parameters = tf.tidy(() =>
      variables.map((parameter) => ({
        variable: parameter,
        mean: tf.variable(tf.zerosLike(parameter)),
        square: tf.variable(tf.zerosLike(parameter)),
      })),
    )
    this.slots = Object.fromEntries(
      this.#parameters.flatMap(({ variable, mean, square }) => [
        [`${variable.name}/mean`, mean],
        [`${variable.name}/square`, square],
      ]),
    )
  }

  /** Applies one gradient for each variable. Call inside `tf.tidy`: it leaves intermediate tensors behind. */
  apply(gradients: readonly tf.Tensor[], learningRate: number): void {
    const { adamBeta1: beta1, adamBeta2: beta2, adamEpsilon: epsilon } = this.#options
    this.steps += 1
    const stepSize = learningRate / (1 - beta1 ** this.steps)
    const squareCorrection = 1 - beta2 ** this.steps
    for (const [index, parameter] of this.#parameters.entries()) {
      const gradient = gradients[index]!
      parameter.mean.assign(tf.add(tf.mul(parameter.mean, beta1), tf.mul(gradient, 1 - beta1)))
      parameter.square.assign(tf.add(tf.mul(parameter.square, beta2), tf.mul(tf.square(gradient), 1 - beta2)))
      const root = tf.add(tf.sqrt(tf.div(parameter.square, squareCorrection)), epsilon)
      parameter.variable.assign(tf.sub(parameter.variable, tf.mul(tf.div(parameter.mean, root), stepSize)))
    }
  }
}
