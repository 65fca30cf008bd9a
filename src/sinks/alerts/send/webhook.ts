import type { Dispatcher } from 'undici'
import type { FiredAlert, ResolvedTarget } from '../../../alerts/types.js'
import { SinkError } from '../../errors.js'
import { retryAfterMs } from '../../http/answer.js'
import { dispatcher } from '../../http/dispatcher.js'
import { pause } from '../../http/pause.js'
import { unreachable } from '../../http/unreachable.js'
import { payloadOf } from './payload.js'
import type { AlertedRun, AlertSender } from './sender.js'

const TIMEOUT_MS = 10_000
/** Answers that say "not now". */
const LATER: readonly number[] = [408, 425, 429]
/** Answers that say "not this one". */
const REFUSED: readonly number[] = [400, 413, 415, 422]

/**
 * POSTs JSON to Slack, Discord or any other server. The path of a webhook is its secret: no message has more of the
 * address than the host, nor any of the answer, which may repeat it.
 */
export class WebhookSender implements AlertSender {
  readonly #target: ResolvedTarget
  readonly #url: URL
  readonly #headers: { readonly [name: string]: string }
  readonly #dispatcher: Dispatcher
  readonly #server: string

  constructor(
    target: ResolvedTarget,
    url: URL,
    headers: { readonly [name: string]: string },
    env: NodeJS.ProcessEnv,
  ) {
    this.#target = target
    this.#url = url
    this.#headers = headers
    this.#dispatcher = dispatcher(env, 1)
    this.#server = `the webhook of "${target.name}" (${url.host})`
  }

  async send(alert: FiredAlert, run: AlertedRun, signal: AbortSignal): Promise<void> {
    const body = JSON.stringify(payloadOf(this.#target, alert, run))
    const { username, password, origin, pathname, search } = this.#url
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
    let answer: Dispatcher.ResponseData
    try {
      answer = await this.#dispatcher.request({
        origin,
        path: `${pathname}${search}`,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'offstep',
          // An id may have any character; a header may not.
          'idempotency-key': encodeURIComponent(alert.id),
          ...(login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
          ...this.#headers,
        },
        body,
        signal: deadline,
      })
      await answer.body.dump()
    } catch (error) {
      const server = { name: this.#server, variable: this.#target.env }
      throw unreachable(server, error as NodeJS.ErrnoException, deadline)
    }
    this.#check(answer)
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
  }

  #check({ statusCode, headers }: Dispatcher.ResponseData): void {
    if (statusCode >= 200 && statusCode < 300) return
    const code = `HTTP_${statusCode}`
    const says = `${this.#server} answers ${statusCode}`
    if (LATER.includes(statusCode) || statusCode >= 500) {
      throw new SinkError('retry', code, says, { retryAfterMs: retryAfterMs(headers) })
    }
    if (REFUSED.includes(statusCode)) throw new SinkError('reject', code, `${says}: check its template`)
    throw pause(code, `${says}: check the address in ${this.#target.env}, or the target's url and headers`)
  }
}
