import type { Dispatcher } from 'undici'
import { type Answer, answerOf } from '../../../http/answer.js'
import { type Content, openContent } from '../../../http/content.js'
import { Deadline, REQUEST_TIMEOUT_MS } from '../../../http/deadline.js'
import { dispatcher } from '../../../http/dispatcher.js'
import { unreachable } from '../../../http/unreachable.js'

const USER_AGENT = 'offstep'
const VARIABLE = 'WANDB_BASE_URL'
/** Files that are on their way at once, per host. */
const UPLOADS_AT_ONCE = 4

/**
 * Requests to one W&B server, one at a time, and of files to wherever it says. Retries nothing: that is the cursor's
 * business.
 */
export class Transport {
  readonly #baseUrl: string
  readonly #api: Dispatcher
  /** Connections of their own: a long upload must not hold up the lines. */
  readonly #store: Dispatcher

  constructor(baseUrl: string, env: NodeJS.ProcessEnv) {
    this.#baseUrl = baseUrl
    this.#api = dispatcher(env, 1)
    this.#store = dispatcher(env, UPLOADS_AT_ONCE)
  }

  /** POSTs JSON. Whatever the server answers. Throws a `retry` SinkError where there is no whole answer. */
  async post(path: string, body: string, key: string, signal: AbortSignal): Promise<Answer> {
    const time = new Deadline(signal)
    const { origin, pathname, host } = new URL(`${this.#baseUrl}${path}`)
    const server = { name: `the W&B server ${host}`, variable: VARIABLE }
    try {
      const response = await this.#api.request({
        origin,
        path: pathname,
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`api:${key}`).toString('base64')}`,
          'content-type': 'application/json',
          'user-agent': USER_AGENT,
        },
        body,
        signal: time.signal,
        // The deadline of the whole request is ours.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      return await answerOf(response, 'the W&B server')
    } catch (error) {
      throw unreachable(server, error as NodeJS.ErrnoException, time.signal)
    } finally {
      time.end()
    }
  }

  /**
   * PUTs content to an address that the server gave, without the key: it may be somebody else's. Streams a file from
   * the disk. However long it takes, unless nothing moves. Throws a `retry` SinkError where there is no whole answer,
   * a `reject` one where the file is not what it was.
   */
  async put(
    url: string,
    content: Content,
    headers: { readonly [name: string]: string },
    signal: AbortSignal,
  ): Promise<Answer> {
    const { origin, pathname, search, host } = new URL(url, this.#baseUrl)
    const server = { name: `W&B's store of files ${host}`, variable: VARIABLE }
    const { body, close } = await openContent(content)
    try {
      const response = await this.#store.request({
        origin,
        path: `${pathname}${search}`,
        method: 'PUT',
        headers: { 'user-agent': USER_AGENT, ...headers, 'content-length': `${content.bytes}` },
        body,
        signal,
        // Both count from when something has moved last.
        headersTimeout: REQUEST_TIMEOUT_MS,
        bodyTimeout: REQUEST_TIMEOUT_MS,
      })
      return await answerOf(response, 'the W&B server')
    } catch (error) {
      throw unreachable(server, error as NodeJS.ErrnoException, signal)
    } finally {
      await close()
    }
  }

  /** Ends what is in flight, and lets go of the connections. */
  async close(): Promise<void> {
    await Promise.all([this.#api.destroy(), this.#store.destroy()])
  }
}
