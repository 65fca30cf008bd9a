import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** One request, as it came in. */
export interface Posted {
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: Record<string, unknown>
}

/** What the server does with one request; a number is a status. `drop`: the connection, after the body was read. */
type Script = number | 'drop' | { readonly status: number; readonly headers: http.OutgoingHttpHeaders }

/** A receiver of webhooks on loopback that answers as its script says, one entry a request, and then 200. */
export class WebhookServer {
  readonly posted: Posted[] = []
  readonly script: Script[] = []
  /** After the script. */
  status = 200
  onRequest: () => void = () => {}
  readonly #server = http.createServer((request, response) => void this.#receive(request, response))

  /** With a path that is a secret, as that of a real webhook is. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/services/S3CR3T-PATH?v=1`
  }

  /** Idempotency keys, in order of arrival. */
  get keys(): string[] {
    return this.posted.map(({ headers }) => decodeURIComponent(String(headers['idempotency-key'])))
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>
    this.posted.push({ path: request.url ?? '', headers: request.headers, body })
    this.onRequest()
    const answer = this.script.shift() ?? this.status
    if (answer === 'drop') request.socket.destroy()
    else if (typeof answer === 'number') response.writeHead(answer).end('cannot POST /services/S3CR3T-PATH')
    else response.writeHead(answer.status, answer.headers).end()
  }
}

/** A server that is closed when the test is over. */
export async function startWebhookServer(): Promise<WebhookServer> {
  const server = new WebhookServer()
  await server.listen()
  onTestFinished(() => server.close())
  return server
}
