import type http from 'node:http'
import { gunzipSync } from 'node:zlib'
import { type Answer, failure } from './graphql.js'
import type { WandbFault } from './script.js'

/** The body, unpacked; null where the client went away before its end. */
export function bodyOf(request: http.IncomingMessage): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      resolve(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)
    })
    request.on('error', () => resolve(null))
    request.on('close', () => resolve(null))
  })
}

export interface Exchange {
  readonly response: http.ServerResponse
  readonly fault: WandbFault | undefined
  /** What a healthy server does, and says. */
  readonly perform: () => Answer
  readonly onStuck: () => void
  readonly onAnswer: (status: number) => void
}

/** Answers a request whose body is here, as its fault says. */
export function answer(exchange: Exchange): void {
  const { fault, perform } = exchange
  if (fault === undefined) send(exchange, perform())
  else if (fault.kind === 'slow') setTimeout(() => send(exchange, perform()), fault.delayMs)
  else if (fault.kind === 'truncated') sendHalf(exchange, perform())
  else {
    if (fault.commit === true) perform()
    fail(exchange, fault)
  }
}

function fail({ response, onStuck, onAnswer }: Exchange, fault: WandbFault): void {
  switch (fault.kind) {
    case 'status': {
      const { status, headers = {}, body = JSON.stringify(failure(status, 'scripted').body) } = fault
      onAnswer(status)
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
      return
    }
    case 'body':
      onAnswer(200)
      response.writeHead(200, { 'content-type': 'text/html' }).end(fault.body)
      return
    case 'reset':
      response.socket?.destroy()
      return
    default:
      onStuck()
  }
}

function send({ response, onAnswer }: Exchange, { status, body }: Answer): void {
  onAnswer(status)
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function sendHalf({ response }: Exchange, { status, body }: Answer): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.write(text.slice(0, text.length >> 1), () => response.socket?.destroy())
}
