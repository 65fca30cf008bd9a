import type { Dispatcher } from 'undici'
import { type Answer, answerOf } from '../../http/answer.js'
import { type Content, openContent } from '../../http/content.js'
import { Deadline, REQUEST_TIMEOUT_MS } from '../../http/deadline.js'
import { dispatcher, type TlsOptions } from '../../http/dispatcher.js'
import { ReplaceableDispatcher } from '../../http/replaceable-dispatcher.js'
import { unreachable } from '../../http/unreachable.js'

const USER_AGENT = 'offstep'
const VARIABLE = 'MLFLOW_TRACKING_URI'
/** Files that are on their way at once, per host. */
const UPLOADS_AT_ONCE = 4
/** A page of a metric's history, or a run with all of its params and tags. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export interface Request {
  readonly method: 'GET' | 'POST'
  /** Behind the address of the server, with its query. */
  readonly path: string
  /** JSON. */
  readonly body?: string
  readonly authorization: string | undefined
}

/**
 * Requests to one tracking server, one at a time, and of files to wherever it says. Retries nothing: that is the
 * cursor's business.
 */
export class Transport {
  readonly #baseUrl: string
  readonly #api: Dispatcher
  /** Connections of their own: a long upload must not hold up the metrics. */
  readonly #uploads: ReplaceableDispatcher

  /** `baseUrl`: without a slash at its end. */
  constructor(baseUrl: string, env: NodeJS.ProcessEnv, tls: TlsOptions) {
    this.#baseUrl = baseUrl
    this.#api = dispatcher(env, 1, tls)
    this.#uploads = new ReplaceableDispatcher(() => dispatcher(env, UPLOADS_AT_ONCE, tls))
  }

  /** Whatever the server answers. Throws a `retry` SinkError where there is no whole answer. */
  async request(request: Request, signal: AbortSignal): Promise<Answer> {
    const time = new Deadline(signal)
    const { origin, pathname, search, host } = new URL(`${this.#baseUrl}${request.path}`)
    const server = { name: `the MLflow server ${host}`, variable: VARIABLE }
    try {
      const response = await this.#api.request({
        origin,
        path: `${pathname}${search}`,
        method: request.method,
        headers: {
          ...authorized(request.authorization),
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
          'user-agent': USER_AGENT,
        },
        ...(request.body === undefined ? {} : { body: request.body }),
        signal: time.signal,
        // The deadline of the whole request is ours.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      return await answerOf(response, server.name, MAX_ANSWER_BYTES)
    } catch (error) {
      throw unreachable(server, error as NodeJS.ErrnoException, time.signal)
    } finally {
      time.end()
    }
  }

  /**
   * PUTs content to an address: the server's own, or one that it gave, which gets no `authorization`. Streams a file from
   * the disk. However long it takes, unless nothing moves. Throws a `retry` SinkError where there is no whole answer, a
   * `reject` one where the file is not what it was.
   */
  async put(
    url: string,
    content: Content,
    headers: { readonly [name: string]: string },
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { origin, pathname, search, host } = new URL(url)
    const { body, close } = await openContent(content)
    const server = { name: `MLflow's store of files ${host}`, variable: VARIABLE }
    let failed = true
    try {
      const response = await this.#uploads.current.request({
        origin,
        path: `${pathname}${search}`,
        method: 'PUT',
        headers: {
          ...authorized(authorization),
          'user-agent': USER_AGENT,
          ...headers,
          'content-length': `${content.bytes}`,
        },
        body,
        signal,
        // Both count from when something has moved last.
        headersTimeout: REQUEST_TIMEOUT_MS,
        bodyTimeout: REQUEST_TIMEOUT_MS,
      })
      const answer = await answerOf(response, server.name)
      failed = answer.status >= 400
      return answer
    } catch (error) {
      throw unreachable(server, error as NodeJS.ErrnoException, signal)
    } finally {
      // A server that fails before it has read all cuts the connection a moment later: the next file must not be on it.
      if (failed) this.#uploads.replace()
      await close()
    }
  }

  /** Ends what is in flight, and lets go of the connections. */
  async close(): Promise<void> {
    await Promise.all([this.#api.destroy(), this.#uploads.destroy()])
  }
}

const authorized = (authorization: string | undefined) =>
  authorization === undefined ? {} : { authorization }
