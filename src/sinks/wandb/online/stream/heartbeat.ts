import type { FileStream } from './file-stream.js'

/** As W&B's own clients: so long after the last request. */
const INTERVAL_MS = 30_000

/** Tells W&B, from a timer, that a run without new rows lives. Does not keep the thread alive. */
export class Heartbeat {
  readonly #stream: FileStream
  readonly #key: () => string
  readonly #intervalMs: number
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(stream: FileStream, key: () => string, intervalMs = INTERVAL_MS) {
    this.#stream = stream
    this.#key = key
    this.#intervalMs = intervalMs
    this.#wait(intervalMs)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#stream.stopBeat()
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => void this.#look(), ms).unref()
  }

  async #look(): Promise<void> {
    const idleMs = performance.now() - this.#stream.answeredAt
    if (idleMs < this.#intervalMs) return this.#wait(this.#intervalMs - idleMs)
    await this.#stream.beat(this.#key)
    if (!this.#stopped) this.#wait(this.#intervalMs)
  }
}
