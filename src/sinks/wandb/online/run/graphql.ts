import { SinkError } from '../../../errors.js'
import { pause } from '../../../http/pause.js'
import { confirmed, shown } from '../http/answers.js'
import type { Transport } from '../http/transport.js'

export type Variables = { readonly [name: string]: unknown }
/** A part of an answer, to be looked into with care. */
export type Part = { readonly [name: string]: Part | undefined } | null | undefined

/** Calls of W&B's GraphQL API. */
export class GraphQl {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** What the server answers as `data`. Throws a SinkError that says what to do; `reject` where it is about this call. */
  async call(
    operationName: string,
    query: string,
    variables: Variables,
    key: string,
    signal: AbortSignal,
  ): Promise<Part> {
    const body = JSON.stringify({ query, variables, operationName })
    const answer = await this.#transport.post('/graphql', body, key, signal)
    // 409: two clients create the same thing at once; W&B's own ones try again too.
    const said = confirmed(answer.status === 409 ? { ...answer, status: 503 } : answer, key)
    const { data, errors } = said
    if (Array.isArray(errors) && errors.length > 0) throw refused(operationName, errors, key)
    return data as Part
  }
}

/** Errors in a 200. What names access, a place or a limit stays until a person acts. */
function refused(operation: string, errors: readonly unknown[], key: string): SinkError {
  const { message } = (errors[0] ?? {}) as { message?: unknown }
  const said = shown(typeof message === 'string' ? message : JSON.stringify(errors[0]), key)
  if (/permission|access|denied|forbidden|unauthori|not found|entity|project|limit|quota/i.test(said)) {
    const fix = "check WANDB_ENTITY and WANDB_PROJECT, and the API key's access to them"
    return pause('WANDB_REFUSED', `W&B has refused ${operation}: ${said}; ${fix}`)
  }
  return new SinkError('retry', 'WANDB_REFUSED', `W&B has refused ${operation}: ${said}`)
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
