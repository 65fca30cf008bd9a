import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type S3Operation =
  | 'HeadObject'
  | 'PutObject'
  | 'ListMultipartUploads'
  | 'CreateMultipartUpload'
  | 'ListParts'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'

export interface ProxiedRequest {
  readonly operation: S3Operation
  readonly path: string
  readonly query: URLSearchParams
}

/**
 * What happens to one request. `reset` and a status: the server never sees it. `lost`: the server does what it is asked
 * to, and its answer is lost. `hang`: nothing more is heard of it.
 */
export type S3Fault = 'reset' | 'lost' | 'hang' | { readonly status: number; readonly code: string }

/** Between a client and a real server, on loopback. Signatures hold: they are of the address that the client has. */
export class S3Proxy {
  readonly #target: URL
  readonly #server = http.createServer((request, response) => this.#receive(request, response))
  /** All that came, in order; with those that a fault kept from the server. */
  requests: ProxiedRequest[] = []
  fault: (request: ProxiedRequest) => S3Fault | undefined = () => undefined
  /** The server has answered, and the client does not know yet. */
  onAnswer: (request: ProxiedRequest) => void = () => {}

  private constructor(target: string) {
    this.#target = new URL(target)
  }

  static async start(target: string): Promise<S3Proxy> {
    const proxy = new S3Proxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      proxy.#server.closeAllConnections()
      proxy.#server.close()
    })
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** How often each operation was asked for. */
  count(operation: S3Operation): number {
    return this.requests.filter((request) => request.operation === operation).length
  }

  #receive(request: http.IncomingMessage, response: http.ServerResponse): void {
    const seen = seenOf(request)
    this.requests.push(seen)
    const fault = this.fault(seen)
    if (fault === 'reset') request.socket.destroy()
    else if (typeof fault === 'object') answer(request, response, fault)
    else if (fault !== 'hang') this.#forward(request, response, seen, fault === 'lost')
  }

  #forward(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    seen: ProxiedRequest,
    lost: boolean,
  ): void {
    const { hostname, port } = this.#target
    const { method, url: path, headers } = request
    const onward = http.request({ hostname, port, method, path, headers }, (answered) => {
      this.onAnswer(seen)
      if (lost) {
        answered.resume().on('end', () => request.socket.destroy())
        return
      }
      response.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(response)
    })
    // The client went away, or the server did.
    onward.on('error', () => request.socket.destroy())
    request.on('error', () => onward.destroy())
    request.pipe(onward)
  }
}

function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { status, code }: { readonly status: number; readonly code: string },
): void {
  request.resume().on('end', () => {
    response.writeHead(status, { 'content-type': 'application/xml' })
    response.end(`<Error><Code>${code}</Code><Message>as the test says</Message></Error>`)
  })
}

function seenOf({ method = '', url = '' }: http.IncomingMessage): ProxiedRequest {
  const { pathname: path, searchParams: query } = new URL(url, 'http://host')
  return { operation: operationOf(method, query), path, query }
}

function operationOf(method: string, query: URLSearchParams): S3Operation {
  switch (method) {
    case 'HEAD':
      return 'HeadObject'
    case 'GET':
      return query.has('uploadId') ? 'ListParts' : 'ListMultipartUploads'
    case 'POST':
      return query.has('uploadId') ? 'CompleteMultipartUpload' : 'CreateMultipartUpload'
    case 'DELETE':
      return 'AbortMultipartUpload'
    default:
      return query.has('partNumber') ? 'UploadPart' : 'PutObject'
  }
}
