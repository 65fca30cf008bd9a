import type http from 'node:http'

/**
 * What happens to one request instead of what a healthy server does. `commit`: the server keeps what the request
 * brought all the same (the answer is what gets lost); it does not where that is left out.
 */
export type WandbFault =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly headers?: http.OutgoingHttpHeaders
      readonly body?: string
      readonly commit?: boolean
    }
  /** 200, and a body of another kind than W&B's: a proxy's login page, say. */
  | { readonly kind: 'body'; readonly body: string; readonly commit?: boolean }
  /** The connection is cut in place of an answer. */
  | { readonly kind: 'reset'; readonly commit?: boolean }
  /** No answer, ever: `onStuck` of the server is called. */
  | { readonly kind: 'hang'; readonly commit?: boolean }
  /** The answer of a healthy server, so much later. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The first half of the answer of a healthy server, and then the connection is cut. */
  | { readonly kind: 'truncated' }

/** `file_stream`, `upload` (a PUT), or the name of a GraphQL operation. */
export type Operation = string

/** What a fault script may look at. */
export interface RequestSeen {
  /** From 0, over all requests. */
  readonly index: number
  readonly operation: Operation
  /** The run that it is about, where it names one. */
  readonly run: string | undefined
  /** How many requests of this operation there were before. */
  readonly before: number
}

/** Meets the first request of `on` (any, where it is left out) that no fault before it in the list has met. */
export type ListedFault = WandbFault & { readonly on?: Operation }

export type FaultScript = readonly ListedFault[] | ((request: RequestSeen) => WandbFault | undefined)

/** Hands out the faults of a script, one a request. */
export class Faults {
  readonly #listed: ListedFault[]
  readonly #choose: ((request: RequestSeen) => WandbFault | undefined) | undefined

  constructor(script: FaultScript) {
    this.#listed = typeof script === 'function' ? [] : [...script]
    this.#choose = typeof script === 'function' ? script : undefined
  }

  /** Faults of a list that no request has met yet. */
  get left(): number {
    return this.#listed.length
  }

  next(request: RequestSeen): WandbFault | undefined {
    if (this.#choose !== undefined) return this.#choose(request)
    const at = this.#listed.findIndex(({ on }) => on === undefined || on === request.operation)
    return at < 0 ? undefined : this.#listed.splice(at, 1)[0]
  }
}
