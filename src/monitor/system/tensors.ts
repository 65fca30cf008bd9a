import type { Sample } from './sample.js'
import { F64, type SystemMemory } from './shared-memory.js'

/** So many samples in a row with more tensors than ever before are a leak; a training that starts has a few. */
const RISES = 10

/**
 * Tensors of TensorFlow.js, where `watchMemory()` looks at them. A leak shows in the lowest count between two samples: what
 * a batch holds while it is worked on is not in it.
 */
export class TensorMeter {
  readonly #memory: SystemMemory
  readonly #warn: (message: string) => void
  #lowest: number | null = null
  #highest = 0
  #rises = 0

  constructor(memory: SystemMemory, warn: (message: string) => void) {
    this.#memory = memory
    this.#warn = warn
  }

  /** To be called before the period of the sample ends (TrainingThreadMeter). */
  sample(into: Sample): void {
    const { numbers, period } = this.#memory
    if (numbers[F64.TENSORS_AT] === 0) return
    into['tfjs.numTensors'] = numbers[F64.TENSORS]!
    into['tfjs.numDataBuffers'] = numbers[F64.TENSOR_BUFFERS]!
    into['tfjs.numBytes'] = numbers[F64.TENSOR_BYTES]!
    if (numbers[F64.TENSORS_PERIOD] === period) this.#follow(into, numbers[F64.TENSORS_MIN]!)
  }

  #follow(into: Sample, fewest: number): void {
    if (this.#lowest === null || fewest < this.#lowest) this.#lowest = fewest
    into['tfjs.numTensorsAboveLowest'] = fewest - this.#lowest
    this.#rises = fewest > this.#highest ? this.#rises + 1 : 0
    this.#highest = Math.max(this.#highest, fewest)
    if (this.#rises < RISES) return
    const grown = `from ${this.#lowest} to ${fewest}`
    this.#warn(
      `The number of tensors grows with each sample (${grown}): a leak? Wrap the step in tf.tidy(), or dispose what it makes.`,
    )
  }
}
