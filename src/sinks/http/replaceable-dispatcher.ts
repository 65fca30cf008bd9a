import type { Dispatcher } from 'undici'

/** Connections that can be left for new ones: what is on its way on the old ones goes on to its end. */
export class ReplaceableDispatcher {
  readonly #make: () => Dispatcher
  readonly #left = new Set<Dispatcher>()
  #current: Dispatcher

  /** Throws what `make` throws. */
  constructor(make: () => Dispatcher) {
    this.#make = make
    this.#current = make()
  }

  get current(): Dispatcher {
    return this.#current
  }

  replace(): void {
    const old = this.#current
    this.#current = this.#make()
    this.#left.add(old)
    const gone = () => this.#left.delete(old)
    old.close().then(gone, gone)
  }

  /** Ends what is in flight, and lets go of all connections. */
  async destroy(): Promise<void> {
    await Promise.all([this.#current, ...this.#left].map((one) => one.destroy()))
  }
}
