import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { SinkError } from '../../errors.js'

/** The longest that one request may take, as with W&B's own clients. */
const REQUEST_TIMEOUT_MS = 180_000
const CONNECT_TIMEOUT_MS = 30_000
/** W&B's answers are small; a page of somebody else's need not be read to its end. */
const MAX_ANSWER_BYTES = 1024 * 1024
const USER_AGENT = 'offstep'
const PROXY_VARIABLES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']
/** Codes of Node.js for a certificate that is not trusted, or not the server's. */
const CERTIFICATE_CODE = /CERT|SELF_SIGNED|ISSUER|LEAF_SIGNATURE/

export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly text: string
}

/** POSTs JSON to one W&B server, over one connection. Retries nothing: that is the cursor's business. */
export class Transport {
  readonly #baseUrl: string
  readonly #agent: Dispatcher

  constructor(baseUrl: string, env: NodeJS.ProcessEnv) {
    this.#baseUrl = baseUrl
    const options = { connections: 1, pipelining: 1, connect: { timeout: CONNECT_TIMEOUT_MS } }
    const proxied = PROXY_VARIABLES.some((name) => env[name])
    this.#agent = proxied ? new EnvHttpProxyAgent(options) : new Agent(options)
  }

  get host(): string {
    return new URL(this.#baseUrl).hostname
  }

  /** Whatever the server answers. Throws a `retry` SinkError where there is no whole answer. */
  async post(path: string, body: string, key: string, signal: AbortSignal): Promise<Answer> {
    const time = new Deadline(signal)
    const { origin, pathname } = new URL(`${this.#baseUrl}${path}`)
    try {
      const response = await this.#agent.request({
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
      const text = await readText(response.body)
      return { status: response.statusCode, headers: response.headers, text }
    } catch (error) {
      throw this.#unreachable(error as NodeJS.ErrnoException, time.signal)
    } finally {
      time.end()
    }
  }

  /** Ends what is in flight, and lets go of the connection. */
  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  #unreachable(error: NodeJS.ErrnoException, signal: AbortSignal): SinkError {
    if (error instanceof SinkError) return error
    const server = `the W&B server ${new URL(this.#baseUrl).host}`
    if (signal.aborted) return new SinkError('retry', 'TIMEOUT', `${server} has not answered in time`)
    const { code = 'NETWORK' } = error
    const fix = CERTIFICATE_CODE.test(code)
      ? `its certificate is not trusted (${code}): set NODE_EXTRA_CA_CERTS to your authority's certificate`
      : `${code}: check WANDB_BASE_URL and the network`
    return new SinkError('retry', code, `${server} cannot be reached; ${fix}`, { cause: error })
  }
}

/** Aborts when the caller's signal does, or when a request's time is over. Leaves no listener behind. */
class Deadline {
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

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length
    if (bytes > MAX_ANSWER_BYTES) {
      throw new SinkError(
        'retry',
        'BAD_ANSWER',
        `the W&B server has answered with over ${MAX_ANSWER_BYTES} bytes`,
      )
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
