import { confirmed } from './answers.js'
import type { KnownRun } from './graphql.js'
import type { Pace } from './pace.js'
import type { Transport } from './transport.js'

/** Files of a request. `offset`: the number of the first line, from 0; the client owns the numbers. */
export interface StreamedFile {
  readonly offset: number
  /** Lines, each as a JSON string with its quotes. */
  readonly content: readonly string[]
}

export interface StreamRequest {
  readonly history?: StreamedFile
  /** The whole summary, JSON. */
  readonly summary?: string | undefined
  /** The run has ended, with this exit code. */
  readonly exitCode?: number
}

/** The stream of one run's lines: one request in flight, at the pace that the server allows. */
export class FileStream {
  readonly #transport: Transport
  readonly #pace: Pace
  readonly #path: string
  #sending = false
  #beat: { readonly abort: AbortController; readonly done: Promise<void> } | null = null
  /** When the last request was answered, by `performance.now()`. */
  answeredAt = performance.now()
  /** Somebody has asked at W&B that the run be stopped. */
  stopped = false

  constructor(transport: Transport, pace: Pace, { entity, project, runId }: KnownRun) {
    this.#transport = transport
    this.#pace = pace
    this.#path = `/files/${[entity, project, runId].map(encodeURIComponent).join('/')}/file_stream`
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
    this.stopped ||= said.stopped === true
  }
}

/** Put together by hand: the lines are JSON strings already, and there are many. */
function bodyOf({ history, summary, exitCode }: StreamRequest): string {
  const files: string[] = []
  if (history !== undefined) {
    const { offset, content } = history
    files.push(`"wandb-history.jsonl":{"offset":${offset},"content":[${content.join(',')}]}`)
  }
  if (summary !== undefined) {
    files.push(`"wandb-summary.json":{"offset":0,"content":[${JSON.stringify(summary)}]}`)
  }
  const fields: string[] = []
  if (files.length > 0) fields.push(`"files":{${files.join(',')}}`)
  if (exitCode !== undefined) fields.push(`"complete":true,"exitcode":${exitCode}`)
  return `{${fields.join(',')}}`
}
