import { DeviceRead, type LateScalar } from './device-read.js'
import type { Tensor, TfCore } from './types.js'

/** Tensors as one flat one. Values go through float32, as tfjs' own do. */
export function packFlat(tf: TfCore, tensors: readonly Tensor[]): Tensor {
  const flat = (tensor: Tensor) => {
    const one = tf.reshape(tensor, [tensor.size])
    return one.dtype === 'float32' ? one : tf.cast(one, 'float32')
  }
  return tf.tidy(() => tf.keep(tf.concat(tensors.map(flat))))
}

/** Scalars of several steps that are read back in one go. */
export class ReadGroup {
  readonly #tf: TfCore
  readonly #tensors: Tensor[] = []
  readonly #read: DeviceRead

  constructor(tf: TfCore) {
    this.#tf = tf
    this.#read = new DeviceRead(() => this.#pack())
  }

  get done(): Promise<ArrayLike<number>> {
    return this.#read.done
  }

  /** Keeps a clone. Throws where the tensor is disposed. */
  add(tensor: Tensor): LateScalar {
    const index = this.#tensors.push(this.#tf.keep(tensor.clone())) - 1
    return this.#read.value((read) => read[index]!)
  }

  /** A number that is known already, and yet must not overtake those that are not. */
  addNumber(value: number): LateScalar {
    return this.#read.value(() => value)
  }

  /** Nothing may be added any more. */
  read(): void {
    this.#read.start()
  }

  #pack(): Tensor | null {
    try {
      return this.#tensors.length === 0 ? null : packFlat(this.#tf, this.#tensors)
    } finally {
      for (const tensor of this.#tensors) tensor.dispose()
    }
  }
}
