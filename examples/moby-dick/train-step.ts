import * as tf from '@tensorflow/tfjs-core'
import type { Adam } from './adam.js'
import type { CharacterModel } from './model.js'
import type { Batch } from './text.js'

export interface StepResult {
  /** Cross-entropy in nats per character, before the update. */
  readonly loss: number
  /** L2 norm over all gradients, before clipping. */
  readonly gradientNorm: number
  readonly clippedGradientNorm: number
}

/**
 * One forward pass, backward pass, clipping by global norm (Pascanu et al. 2013, arXiv:1211.5063) and update.
 * Both numbers come back from the device in one read.
 */
export async function trainStep(
  model: CharacterModel,
  optimizer: Adam,
  batch: Batch,
  { learningRate, clipNorm }: { learningRate: number; clipNorm: number },
): Promise<StepResult> {
  const measured = tf.tidy(() => {
    const { value: loss, grads } = tf.variableGrads(() => model.loss(batch), model.variables)
    const gradients = model.variables.map(({ name }) => grads[name]!)
    const norm = globalNorm(gradients)
    const scale = tf.div(clipNorm, tf.maximum(norm, clipNorm))
    optimizer.apply(
      gradients.map((gradient) => tf.mul(gradient, scale)),
      learningRate,
    )
    return tf.stack([loss, norm])
  })
  const [loss, gradientNorm] = (await measured.data()) as Float32Array
  measured.dispose()
  return { loss: loss!, gradientNorm: gradientNorm!, clippedGradientNorm: Math.min(gradientNorm!, clipNorm) }
}

/** Not addN: on WebGPU it binds one buffer for each tensor, and 8 is the limit. */
function globalNorm(gradients: readonly tf.Tensor[]): tf.Scalar {
  return tf.sqrt(tf.sum(tf.stack(gradients.map((gradient) => tf.sum(tf.square(gradient))))))
}
