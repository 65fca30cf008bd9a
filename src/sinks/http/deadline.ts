/** The longest that one request may take, as with W&B's own clients. */
export const REQUEST_TIMEOUT_MS = 180_000

/** Aborts when the caller's signal does, or when a request's time is over. Leaves no listener behind. */
export class Deadline {
  readonly #abort = new AbortController()
  readonly #caller: AbortSignal
  readonly #timer: NodeJS.Timeout
  readonly #stop = () => this.#abort.abort()

  constructor(caller: AbortSignal) {
    this.#caller = caller
    this.#timer = setTimeout(this.#stop, REQUEST_TIMEOUT_MS)
    caller.addEventListener('abort', this.#stop, { once: true })
    if (caller.aborted) this.#stop()
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#caller.removeEventListener('abort', this.#stop)
  }
}
