import * as tf from '@tensorflow/tfjs-core'
import type { CharacterModel } from './model.js'
import type { Random } from './random.js'
import type { Vocabulary } from './text.js'

export interface SampleOptions {
  readonly prompt: string
  /** Characters to add to the prompt. */
  readonly length: number
  /** Below 1 the likely characters become likelier. */
  readonly temperature: number
  readonly random: Random
}

/** Continues the prompt, one character at a time. */
export async function sampleText(
  model: CharacterModel,
  vocabulary: Vocabulary,
  { prompt, length, temperature, random }: SampleOptions,
): Promise<string> {
  const ids = [...vocabulary.encode(prompt)]
  for (let added = 0; added < length; added++) {
    const context = Int32Array.from(ids.slice(-model.receptiveField))
    const next = tf.tidy(() => {
      const last = tf.slice(model.logits(context, 1), [context.length - 1, 0])
      return tf.softmax(tf.div(last, temperature))
    })
    const probabilities = await next.data()
    next.dispose()
    ids.push(draw(probabilities, random))
  }
  return ids.map((id) => vocabulary.characters[id]).join('')
}

/** An index drawn with the given probabilities; never 0, which stands for a character that has no glyph. */
function draw(probabilities: ArrayLike<number>, random: Random): number {
  let remaining = random() * (1 - probabilities[0]!)
  for (let id = 1; id < probabilities.length; id++) {
    remaining -= probabilities[id]!
    if (remaining < 0) return id
  }
  return probabilities.length - 1
}
