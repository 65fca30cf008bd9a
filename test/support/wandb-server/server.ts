import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Backend } from './backend.js'
import { answer, bodyOf } from './exchange.js'
import { type Answer, failure, isKnown, resolve } from './graphql.js'
import { InFlight } from './in-flight.js'
import { type LoggedRequest, logEntry, peakRate } from './request-log.js'
import { type Route, routeOf, streamedRun, uploadPath } from './routes.js'
import { type FaultScript, Faults } from './script.js'
import type { FileStreamBody, StoredRun } from './stored-run.js'

/** A key as W&B's own clients accept it: 40 characters. */
export const TEST_KEY = '0123456789abcdef0123456789abcdef01234567'
/** What W&B's own client calls itself. */
const WANDB_CORE = 'wandb-core'

export interface WandbServerOptions {
  /** API keys that are let in. */
  readonly keys?: readonly string[]
  readonly faults?: FaultScript
  /** Entity of the keys' owner. */
  readonly entity?: string
  /** Larger file_stream bodies are answered with 413. */
  readonly maxBodyBytes?: number
}

/** Starts a server on a free port of the loopback interface. */
export async function startWandbServer(options: WandbServerOptions = {}): Promise<WandbServer> {
  const server = new WandbServer(options)
  await server.start()
  return server
}

/**
 * A model of W&B's backend that fails by a script. Healthy but for that: it checks keys, holds runs as
 * StoredRun says, and notes in `errors` what a client must not do. Runs survive `stop()` and `start()`.
 */
export class WandbServer {
  readonly backend: Backend
  readonly requests: LoggedRequest[] = []
  keys: ReadonlySet<string>
  maxBodyBytes: number
  /** Answers of these runs say that somebody has asked for a stop. */
  readonly stopped = new Set<string>()
  /** Lines that are refused: the request that holds one is answered with 400, and nothing of it is kept. */
  refuses: (line: string) => boolean = () => false
  /** A request came to a fault that gives no answer. */
  onStuck: () => void = () => {}
  /** The body of a request is here; nothing has been kept yet. */
  onRequest: (request: LoggedRequest) => void = () => {}
  readonly #entity: string
  readonly #server = http.createServer((request, response) => void this.#receive(request, response))
  readonly #sockets = new Set<Socket>()
  readonly #stuck: http.ServerResponse[] = []
  readonly #inFlight = new InFlight((run, count) => {
    this.#errors.push(`${run}: ${count} file_stream requests at once`)
  })
  readonly #errors: string[] = []
  /** Requests by operation. */
  readonly #seen = new Map<string, number>()
  #faults: Faults
  #port = 0

  constructor(options: WandbServerOptions) {
    this.#entity = options.entity ?? 'test-entity'
    this.backend = new Backend(this.#entity)
    this.keys = new Set(options.keys ?? [TEST_KEY])
    this.maxBodyBytes = options.maxBodyBytes ?? Number.POSITIVE_INFINITY
    this.#faults = new Faults(options.faults ?? [])
    this.#server.keepAliveTimeout = 0
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      // A client that goes away in the middle of something.
      socket.on('error', () => {})
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** What clients have done wrong, of all runs. */
  get errors(): string[] {
    const { runs, artifacts } = this.backend
    return [...this.#errors, ...artifacts.errors, ...runs.flatMap((run) => run.errors)]
  }

  get faultsLeft(): number {
    return this.#faults.left
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Another script, from the next request on. */
  script(faults: FaultScript): void {
    this.#faults = new Faults(faults)
  }

  /** The run with this id. Throws where there is none, or one in each of two projects. */
  run(id: string): StoredRun {
    const found = this.backend.runs.filter((run) => run.id === id)
    if (found.length === 1) return found[0]!
    const known = this.backend.runs.map((run) => run.id).join(', ')
    throw new Error(`${found.length} runs have the id ${id}; there are: ${known}`)
  }

  /** Requests of an operation, in order. */
  requestsOf(operation: string): LoggedRequest[] {
    return this.requests.filter((request) => request.operation === operation)
  }

  /** The most file_stream requests of a run within a second. */
  peakRate(id: string): number {
    return peakRate(this.requestsOf('file_stream').filter(({ run }) => run === id))
  }

  /** Listens; after a `stop()` at the same address as before. */
  async start(): Promise<void> {
    await new Promise<void>((resolved, rejected) => {
      this.#server.once('error', rejected).listen(this.#port, '127.0.0.1', () => {
        this.#server.off('error', rejected)
        resolved()
      })
    })
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Refuses connections from now on, and cuts those that there are. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolved) => this.#server.close(resolved))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Cuts the connections of requests that get no answer, as whatever stands in between does after a while. */
  cutStuck(): void {
    for (const response of this.#stuck.splice(0)) response.socket?.destroy()
  }

  close(): Promise<void> {
    return this.stop()
  }

  async #receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const path = new URL(request.url!, this.url).pathname
    const streamed = streamedRun(path)
    if (streamed !== undefined) this.#inFlight.enter(streamed, response)
    const body = await bodyOf(request)
    if (body === null) return
    try {
      this.#handle(request, response, path, body)
    } catch (error) {
      const { message } = error as Error
      this.#errors.push(`${request.method} ${path}: ${message}`)
      response.writeHead(400).end(JSON.stringify(failure(400, message).body))
    }
  }

  #handle(request: http.IncomingMessage, response: http.ServerResponse, path: string, body: Buffer): void {
    const route = routeOf(this.backend, request.method, path, body)
    const before = this.#seen.get(route.operation) ?? 0
    this.#seen.set(route.operation, before + 1)
    const logged = this.#log(request, route, body.length)
    const authorised = this.#authorised(request, route)
    const { index, operation, run } = logged
    this.onRequest(logged)
    answer({
      response,
      fault: authorised ? this.#faults.next({ index, operation, run, before }) : undefined,
      perform: () =>
        authorised ? this.#perform(route, request, body) : failure(401, 'user is not logged in'),
      onStuck: () => {
        this.#stuck.push(response)
        this.onStuck()
      },
      onAnswer: (status) => {
        logged.status = status
      },
    })
  }

  #log({ headers }: http.IncomingMessage, route: Route, bytes: number): LoggedRequest {
    const logged = logEntry(this.requests.length, route, bytes, headers['user-agent'])
    this.requests.push(logged)
    return logged
  }

  #authorised({ headers }: http.IncomingMessage, { operation }: Route): boolean {
    if (operation === 'upload' || operation === 'artifact_upload') {
      // The address is all that a store of files wants; a key there would be given to somebody else.
      if (headers.authorization !== undefined) this.#errors.push('an upload with an Authorization header')
      return true
    }
    const [scheme, encoded = ''] = (headers.authorization ?? '').split(' ')
    const [user, key = ''] = Buffer.from(encoded, 'base64').toString().split(':')
    return scheme === 'Basic' && user === 'api' && this.keys.has(key)
  }

  #perform(route: Route, { headers }: http.IncomingMessage, body: Buffer): Answer {
    const { operation, run, runId, graphql, stream, file, ticket } = route
    if (graphql !== undefined) {
      if (!isKnown(operation)) this.#errors.push(`unknown operation ${operation}`)
      return resolve(operation, graphql.variables ?? {}, {
        backend: this.backend,
        entity: this.#entity,
        uploadUrl: (of, name) => `${this.url}${uploadPath(of, name)}`,
        artifactUrl: (name) => `${this.url}/artifact-upload/${name}`,
      })
    }
    if (operation === 'artifact_upload') return this.backend.artifacts.put(ticket!, headers, body)
    if (run === undefined) return failure(404, `no run ${runId}`)
    if (stream === undefined) return run.uploads.put(ticket!, file!, headers, body)
    // W&B's own client uploads files beside its lines.
    const filesFirst = headers['user-agent'] !== WANDB_CORE
    return this.#performStream(run, stream, body.length, filesFirst)
  }

  #performStream(run: StoredRun, stream: FileStreamBody, bytes: number, filesFirst: boolean): Answer {
    if (bytes > this.maxBodyBytes) return failure(413, `${bytes} bytes are too many`)
    const lines = Object.values(stream.files ?? {}).flatMap(({ content }) => content)
    if (lines.some((line) => this.refuses(line))) return failure(400, 'a line is refused')
    run.commit(stream, { filesFirst })
    const stopped = this.stopped.has(run.id) ? { stopped: true } : {}
    return { status: 200, body: { exitcode: null, limits: {}, ...stopped } }
  }
}
