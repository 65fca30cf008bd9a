import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** What happens to one request. `commit`: the server keeps its lines all the same. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: http.OutgoingHttpHeaders }
  /** 200, and a body that confirms nothing. */
  | { readonly kind: 'body'; readonly body: string; readonly commit: boolean }
  | { readonly kind: 'reset'; readonly at: 'request' | 'answer' | 'mid-answer'; readonly commit: boolean }
  /** No answer, or one that comes byte by byte and has no end: `onStuck` is called. */
  | { readonly kind: 'hang' | 'trickle'; readonly commit: boolean }
  /** Confirmed, and then the connection is closed. */
  | { readonly kind: 'close-idle' }
  /** Confirmed twice: at once, or just before the next answer on this connection. */
  | { readonly kind: 'double-ack' | 'late-ack' }

interface Message {
  readonly offset: number
  readonly lines: readonly string[]
  readonly complete?: string
}

const KEY = 'good'

/**
 * A store of lines over HTTP on loopback that fails as a script says: one fault a request, then it is healthy.
 * Line numbers are the client's: `POST { offset, lines }` lays the lines over what is there, and is answered
 * with the number of the next one. What a healthy server refuses (a bad row, a body too large, a gap, a wrong
 * key) is refused at any time.
 */
export class HttpDestination {
  readonly #server = http.createServer((request, response) => this.#receive(request, response))
  readonly #sockets = new Set<Socket>()
  #port = 0
  lines: string[] = []
  completed: string[] = []
  /** Requests that reached the server, in whole or in part. */
  requests = 0
  faults: Fault[] = []
  key = KEY
  /** Row ids (`producer:sequence`) by the status that they are always refused with. */
  refused = new Map<string, number>()
  /** More lines than this are too many. */
  maxLines = Number.POSITIVE_INFINITY
  onRequest: () => void = () => {}
  onStuck: () => void = () => {}

  constructor() {
    this.#server.keepAliveTimeout = 0
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      // A client that goes away in the middle of something.
      socket.on('error', () => {})
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/lines`
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** The key that the server knows, as clients have it. */
  static readonly key = KEY

  /** Listens; after a `stop()` at the same address as before. */
  async start(): Promise<void> {
    for (let attempts = 1; ; attempts++) {
      try {
        await new Promise<void>((resolve, reject) => {
          this.#server.once('error', reject).listen(this.#port, '127.0.0.1', () => {
            this.#server.off('error', reject)
            resolve()
          })
        })
        break
      } catch (error) {
        // Another connection of this machine may have the port for a moment.
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempts === 100) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Refuses connections from now on, and cuts those that there are. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  /** Cuts all connections, as a restart does; the last `forgotten` lines were only in its memory. */
  cut(forgotten = 0): void {
    for (const socket of this.#sockets) socket.destroy()
    if (forgotten > 0) this.lines.length = Math.max(0, this.lines.length - forgotten)
  }

  /** As new, for the next scenario. */
  reset(): void {
    Object.assign(this, { lines: [], completed: [], requests: 0, faults: [], key: KEY })
    this.refused = new Map()
    this.maxLines = Number.POSITIVE_INFINITY
    this.onRequest = () => {}
    this.onStuck = () => {}
  }

  /** Row ids in the order of the lines. */
  rows(): string[] {
    return this.lines.map((line) => rowId(line))
  }

  #receive(request: http.IncomingMessage, response: http.ServerResponse): void {
    this.requests++
    const fault = this.#authorised(request) ? this.faults.shift() : undefined
    const { socket } = request
    if (fault?.kind === 'reset' && fault.at === 'request') {
      request.once('data', () => socket.destroy())
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      this.onRequest()
      const message = JSON.parse(Buffer.concat(chunks).toString()) as Message
      if (!this.#authorised(request)) answer(response, 401, { error: 'unknown key' })
      else this.#answer(message, fault, response, socket)
    })
    request.on('error', () => {
      // The client went away: its lines are not here.
    })
  }

  #authorised({ headers }: http.IncomingMessage): boolean {
    return headers.authorization === `Bearer ${this.key}`
  }

  #answer(message: Message, fault: Fault | undefined, response: http.ServerResponse, socket: Socket): void {
    const refusal = fault?.kind === 'status' ? null : this.#refusal(message)
    if (fault !== undefined && !('commit' in fault && fault.commit && refusal !== null)) {
      this.#fail(message, fault, refusal, response, socket)
    } else if (refusal !== null) answer(response, refusal.status, refusal.body)
    else answer(response, 200, this.#commit(message))
  }

  #fail(
    message: Message,
    fault: Fault,
    refusal: Refusal | null,
    response: http.ServerResponse,
    socket: Socket,
  ): void {
    if ('commit' in fault && fault.commit) this.#commit(message)
    switch (fault.kind) {
      case 'status':
        answer(response, fault.status, { error: 'scripted' }, fault.headers)
        return
      case 'body':
        response.writeHead(200, { 'content-length': Buffer.byteLength(fault.body) }).end(fault.body)
        return
      case 'reset':
        if (fault.at === 'answer') socket.destroy()
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"ne', () => socket.destroy())
        return
      case 'hang':
        this.onStuck()
        return
      case 'trickle':
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{', () => this.onStuck())
        return
      default: {
        if (refusal !== null) {
          answer(response, refusal.status, refusal.body)
          return
        }
        const confirmation = this.#commit(message)
        response.on('finish', () => this.#after(fault.kind, confirmation, socket))
        answer(response, 200, confirmation)
      }
    }
  }

  /** What comes after an answer that was right. */
  #after(kind: 'close-idle' | 'double-ack' | 'late-ack', confirmation: object, socket: Socket): void {
    const body = JSON.stringify(confirmation)
    const again = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    if (kind === 'close-idle') socket.end()
    else if (kind === 'double-ack') socket.write(again)
    else this.#onRequestOf(socket, () => socket.write(again))
  }

  #onRequestOf(socket: Socket, action: () => void): void {
    const before = this.onRequest
    this.onRequest = () => {
      before()
      this.onRequest = before
      if (!socket.destroyed) action()
    }
  }

  #refusal({ offset, lines }: Message): Refusal | null {
    if (offset > this.lines.length) return { status: 409, body: { count: this.lines.length } }
    if (lines.length > this.maxLines) return { status: 413, body: { error: 'too many lines' } }
    for (const line of lines) {
      const status = this.refused.get(rowId(line))
      if (status !== undefined) return { status, body: { error: `not ${rowId(line)}` } }
    }
    return null
  }

  #commit({ offset, lines, complete }: Message): { next: number } {
    for (const [index, line] of lines.entries()) this.lines[offset + index] = line
    if (complete !== undefined) this.completed.push(complete)
    return { next: offset + lines.length }
  }
}

interface Refusal {
  readonly status: number
  readonly body: object
}

function answer(
  response: http.ServerResponse,
  status: number,
  body: object,
  headers: http.OutgoingHttpHeaders = {},
): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text)
}

export function rowId(line: string): string {
  const { producer, sequence } = JSON.parse(line) as { producer: number; sequence: number }
  return `${producer}:${sequence}`
}
