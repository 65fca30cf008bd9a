const ROUND = 0
const ARRIVED = 1

/** Lets threads begin a round together, and tells when all have ended it. */
export class Gate {
  readonly #words: Int32Array

  constructor(readonly buffer = new SharedArrayBuffer(8)) {
    this.#words = new Int32Array(buffer)
  }

  open(): void {
    Atomics.store(this.#words, ARRIVED, 0)
    Atomics.add(this.#words, ROUND, 1)
    Atomics.notify(this.#words, ROUND)
  }

  /** Blocks until round number `round` has begun; they count from 1. */
  enter(round: number): void {
    for (;;) {
      const now = Atomics.load(this.#words, ROUND)
      if (now >= round) return
      Atomics.wait(this.#words, ROUND, now)
    }
  }

  arrive(): void {
    Atomics.add(this.#words, ARRIVED, 1)
    Atomics.notify(this.#words, ARRIVED)
  }

  /** Blocks until `threads` have arrived since the round was opened; false after `timeoutMs`. */
  all(threads: number, timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const now = Atomics.load(this.#words, ARRIVED)
      if (now >= threads) return true
      if (Atomics.wait(this.#words, ARRIVED, now, deadline - performance.now()) === 'timed-out') return false
    }
  }
}
