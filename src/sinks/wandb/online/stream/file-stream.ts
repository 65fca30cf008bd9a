import { confirmed } from '../http/answers.js'
import type { Pace } from '../http/pace.js'
import type { Transport } from '../http/transport.js'
import type { KnownRun } from '../run/bucket.js'
import { bodyOf, type StreamRequest } from './stream-request.js'

/** The stream of one run's lines: one request in flight, at the pace that the server allows. */
export class FileStream {
  readonly #transport: Transport
  readonly #pace: Pace
  readonly #path: string
  readonly #onStop: () => void
  #sending = false
  #beat: { readonly abort: AbortController; readonly done: Promise<void> } | null = null
  /** When the last request was answered, by `performance.now()`. */
  answeredAt = performance.now()

  /** `onStop`: an answer says that somebody has asked at W&B that the run be stopped. */
  constructor(
    transport: Transport,
    pace: Pace,
    { entity, project, runId }: KnownRun,
    onStop: () => void = () => {},
  ) {
    this.#transport = transport
    this.#pace = pace
    this.#path = `/files/${[entity, project, runId].map(encodeURIComponent).join('/')}/file_stream`
    this.#onStop = onStop
  }

  /**
   * Resolves when the server has the lines; throws a SinkError that says what to do. One call at a time. A heartbeat
   * that is on its way is given up: what is sent here says more.
   */
  async send(request: StreamRequest, key: string, signal: AbortSignal): Promise<void> {
    this.#sending = true
    try {
      this.#beat?.abort.abort()
      await this.#beat?.done
      await this.#send(bodyOf(request), key, signal)
    } finally {
      this.#sending = false
    }
  }

  /** Says that the run lives, unless something is being sent. Never rejects. */
  async beat(key: () => string): Promise<void> {
    if (this.#sending || this.#beat !== null) return
    const abort = new AbortController()
    const done = this.#trySend(key, abort.signal)
    this.#beat = { abort, done }
    await done
    this.#beat = null
  }

  /** Gives up a heartbeat that is on its way. */
  stopBeat(): void {
    this.#beat?.abort.abort()
  }

  async #trySend(key: () => string, signal: AbortSignal): Promise<void> {
    try {
      await this.#send(bodyOf({}), key(), signal)
    } catch {
      // The next rows meet the same server, and say what is wrong with it.
    }
  }

  async #send(body: string, key: string, signal: AbortSignal): Promise<void> {
    await this.#pace.take(signal)
    const answer = await this.#transport.post(this.#path, body, key, signal)
    this.#pace.heed(answer.headers)
    const said = confirmed(answer, key)
    this.answeredAt = performance.now()
    if (said.stopped === true) this.#onStop()
  }
}
