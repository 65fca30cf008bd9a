import type { Tensor } from '../../../src/tfjs/types.js'

/** A scalar on a device that answers when it is told to, and cannot be read synchronously: as webgpu in Node. */
export class LateTensor implements Tensor {
  readonly shape = []
  readonly size = 1
  readonly rank = 0
  readonly dtype = 'float32'
  isDisposed = false
  readonly #answer: Promise<ArrayLike<number>>
  #resolve!: (values: ArrayLike<number>) => void
  #reject!: (error: Error) => void

  constructor() {
    this.#answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Nobody may have asked yet when it fails.
    this.#answer.catch(() => {})
  }

  answer(value: number): void {
    this.#resolve([value])
  }

  fail(): void {
    this.#reject(new Error('the device is lost'))
  }

  clone(): this {
    return this
  }

  data(): Promise<ArrayLike<number>> {
    return this.#answer
  }

  dataSync(): ArrayLike<number> {
    throw new Error('this device is only read asynchronously')
  }

  dispose(): void {
    this.isDisposed = true
  }
}
