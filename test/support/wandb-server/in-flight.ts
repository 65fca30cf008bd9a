import type http from 'node:http'

/** Watches over the requests of each run that wait for their answer. */
export class InFlight {
  readonly #waiting = new Map<string, Set<http.ServerResponse>>()
  readonly #onTooMany: (run: string, count: number) => void

  /** `onTooMany`: a run has begun another one while so many were waiting. */
  constructor(onTooMany: (run: string, count: number) => void) {
    this.#onTooMany = onTooMany
  }

  enter(run: string, response: http.ServerResponse): void {
    const waiting = this.#waiting.get(run) ?? new Set()
    this.#waiting.set(run, waiting)
    const before = [...waiting]
    waiting.add(response)
    const leave = (): void => {
      waiting.delete(response)
    }
    response.on('finish', leave).on('close', leave)
    // The end of a request that the client has given up may be seen here after the beginning of the next one.
    setImmediate(() => {
      const still = before.filter((other) => waiting.has(other)).length
      if (still > 0) this.#onTooMany(run, still + 1)
    })
  }
}
