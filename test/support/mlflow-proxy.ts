import { once } from 'node:events'
import http, { type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What becomes of a log-batch request: it is not passed on, and answered with 500 or a reset; it is passed on, and its
 * answer is replaced by a reset, a 500 or nothing at all; or it is passed on in small pieces.
 */
export const PROXY_FAULTS = ['500', 'reset', 'reset-after', '500-after', 'hang-after', 'slow'] as const
export type ProxyFault = (typeof PROXY_FAULTS)[number]

const PIECES = 20

/** A proxy on loopback that does to the n-th log-batch what `faultAt` says, and passes everything else on. */
export class FaultyProxy {
  readonly #server: Server
  readonly #target: number
  /** How many of each there were. */
  readonly counts = new Map<ProxyFault, number>()
  requests = 0
  refused = 0
  /** Settles the next time that the server behind it is away. */
  #onRefused: (() => void) | null = null

  private constructor(target: number, faultAt: (request: number) => ProxyFault | null) {
    this.#target = target
    this.#server = http.createServer((request, response) => {
      const fault = request.url!.endsWith('log-batch') ? faultAt(this.requests++) : null
      if (fault !== null) this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1)
      void this.#serve(request, response, fault)
    })
  }

  static async start(target: number, faultAt: (request: number) => ProxyFault | null): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target, faultAt)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Resolves when a request has found nobody behind the proxy. */
  nextRefusal(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRefused = resolve
    })
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse, fault: ProxyFault | null) {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    if (fault === 'reset') return response.destroy()
    if (fault === '500') return response.writeHead(500).end('{"error_code":"INTERNAL_ERROR"}')
    try {
      const answer = await this.#pass(request, body, fault === 'slow')
      if (fault === 'reset-after') return response.destroy()
      if (fault === '500-after') return response.writeHead(500).end('{"error_code":"INTERNAL_ERROR"}')
      if (fault === 'hang-after') return undefined
      return response.writeHead(answer.status, answer.headers).end(answer.body)
    } catch {
      // The server is away: the client sees what it would see of a proxy.
      this.refused++
      this.#onRefused?.()
      return response.writeHead(502).end()
    }
  }

  async #pass(request: http.IncomingMessage, body: Buffer, slowly: boolean) {
    const { method, url, headers } = request
    const onward = http.request({
      host: '127.0.0.1',
      port: this.#target,
      method,
      path: url,
      headers,
      agent: false,
    })
    const answered = once(onward, 'response') as Promise<[http.IncomingMessage]>
    answered.catch(() => {
      // Awaited below.
    })
    const piece = slowly ? Math.ceil(body.length / PIECES) : body.length
    for (let at = 0; at < body.length; at += piece) {
      onward.write(body.subarray(at, at + piece))
      if (slowly) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    onward.end()
    const [answer] = await answered
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk as Buffer)
    return { status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(chunks) }
  }
}
