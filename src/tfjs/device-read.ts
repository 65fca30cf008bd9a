import type { TensorScalar } from '../run/values.js'
import type { Tensor } from './types.js'

/**
 * One read of a device that gives many values. `pack` makes the tensor that is read, on the device; null where
 * there is nothing to read. It is called once, at the read.
 */
export class DeviceRead {
  readonly done: Promise<ArrayLike<number>>
  readonly #pack: () => Tensor | null
  #packed: Tensor | null = null
  #started = false
  #values: ArrayLike<number> | null = null
  #failure: { readonly error: unknown } | null = null
  #resolve!: (values: ArrayLike<number>) => void
  #reject!: (error: unknown) => void

  constructor(pack: () => Tensor | null) {
    this.#pack = pack
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Each row that waits hears of the failure and counts it; a run without rows has none, and that is no error.
    this.done.catch(() => {})
  }

  /** Starts the read. Never throws, and returns at once. */
  start(): void {
    if (this.#started) return
    try {
      const packed = this.#packOnce()
      if (packed === null) this.#end([])
      else {
        packed.data().then(
          (values) => this.#end(values),
          (error) => this.#fail(error),
        )
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Reads synchronously; throws where the backend cannot (WebGPU outside of a browser). */
  readNow(): ArrayLike<number> {
    if (this.#values === null) this.#end(this.#packOnce()?.dataSync() ?? [])
    return this.#values!
  }

  /** A value of this read, for a row that is logged now. */
  value(from: (read: ArrayLike<number>) => number): LateScalar {
    return new LateScalar(this, from)
  }

  #packOnce(): Tensor | null {
    if (this.#failure !== null) throw this.#failure.error
    if (!this.#started) {
      this.#started = true
      try {
        this.#packed = this.#pack()
      } catch (error) {
        this.#fail(error)
        throw error
      }
    }
    return this.#packed
  }

  #end(values: ArrayLike<number>): void {
    this.#values ??= values
    this.#resolve(this.#values)
    this.#free()
  }

  #fail(error: unknown): void {
    this.#failure = { error }
    this.#reject(error)
    this.#free()
  }

  #free(): void {
    try {
      this.#packed?.dispose()
    } catch {
      // The backend is gone, and the memory with it.
    }
  }
}

/**
 * One value of a read. A run takes it for a tensor, so that its row keeps the step and the time of its call, its
 * place among the other rows, and is counted while it waits.
 */
export class LateScalar implements TensorScalar {
  readonly rank = 0
  readonly size = 1
  /** This value, out of what was read. */
  readonly from: (read: ArrayLike<number>) => number
  readonly #read: DeviceRead

  constructor(read: DeviceRead, from: (read: ArrayLike<number>) => number) {
    this.#read = read
    this.from = from
  }

  /** The read holds the memory: a clone costs nothing. */
  clone(): this {
    return this
  }

  async data(): Promise<ArrayLike<number>> {
    return [this.from(await this.#read.done)]
  }

  dataSync(): ArrayLike<number> {
    return [this.from(this.#read.readNow())]
  }

  dispose(): void {}
}
