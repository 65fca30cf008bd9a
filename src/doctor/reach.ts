import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { errorText } from './check.js'

/** How far a connection came; each stage has a mend of its own. */
export type Stage = 'DNS' | 'TCP' | 'TLS' | 'HTTP'

export interface Reached {
  readonly host: string
  /** Null: all went well. */
  readonly failed: { readonly stage: Stage; readonly reason: string } | null
  readonly status: number | null
  /** Our clock less the server's, from its Date header (whole seconds); null where it says nothing. */
  readonly skewMs: number | null
  readonly elapsedMs: number
  /** The first bytes that the server sent (HTTP: the body). */
  readonly text: string
}

const MAX_TEXT = 4096

/** Asks `url` by GET. `more`: headers, certificates. Resolves with how far that came. Never rejects. */
export function reachHttp(url: URL, timeoutMs: number, more: https.RequestOptions = {}): Promise<Reached> {
  return attempt(url.host, timeoutMs, (progress, resolve, reject) => {
    const secure = url.protocol === 'https:'
    const request = (secure ? https : http).get(url, { agent: false, ...more }, (response) => {
      let text = ''
      const date = Date.parse(response.headers.date ?? '')
      const end = () => {
        const skewMs = Number.isNaN(date) ? null : wholeSeconds(Date.now() - date)
        resolve({ status: response.statusCode ?? null, skewMs, text })
      }
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        if (text.length > MAX_TEXT) end()
      })
      response.on('end', end).on('error', reject)
    })
    request.on('error', reject)
    request.on('socket', (socket) => watch(socket, url.hostname, secure, 'HTTP', progress))
    return () => request.destroy()
  })
}

/** Connects, and waits for the first line that the server sends by itself. Never rejects. */
export function reachLine(
  { host, port }: { readonly host: string; readonly port: number },
  timeoutMs: number,
): Promise<Reached> {
  return attempt(`${host}:${port}`, timeoutMs, (progress, resolve, reject) => {
    const socket = net.connect({ host: host.replace(/^\[|\]$/g, ''), port })
    watch(socket, host, false, 'TCP', progress)
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.includes('\n') || text.length > MAX_TEXT) resolve({ status: null, skewMs: null, text })
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('it closed the connection')))
    return () => socket.destroy()
  })
}

type Progress = (stage: Stage) => void
type Answer = Pick<Reached, 'status' | 'skewMs' | 'text'>

function attempt(
  host: string,
  timeoutMs: number,
  start: (
    progress: Progress,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ) => () => void,
): Promise<Reached> {
  const startedAt = performance.now()
  return new Promise((settle) => {
    let stage: Stage = 'DNS'
    let stop = () => {}
    let over = false
    const end = (failed: Reached['failed'], answer: Answer = { status: null, skewMs: null, text: '' }) => {
      if (over) return
      over = true
      clearTimeout(timer)
      stop()
      settle({ host, failed, ...answer, elapsedMs: performance.now() - startedAt })
    }
    const timer = setTimeout(() => end({ stage, reason: `no answer in ${timeoutMs / 1000} s` }), timeoutMs)
    try {
      stop = start(
        (next) => {
          stage = next
        },
        (answer) => end(null, answer),
        (error) => end({ stage, reason: errorText(error) }),
      )
    } catch (error) {
      end({ stage, reason: errorText(error) })
    }
  })
}

/** Tells which stage comes next as the socket passes one. `last` follows on the connection. */
function watch(socket: net.Socket, host: string, secure: boolean, last: Stage, progress: Progress): void {
  // An address needs no look-up.
  if (net.isIP(host.replace(/^\[|\]$/g, '')) !== 0) progress('TCP')
  socket.once('lookup', (error: Error | null) => {
    if (error === null) progress('TCP')
  })
  socket.once('connect', () => progress(secure ? 'TLS' : last))
  if (secure) socket.once('secureConnect', () => progress(last))
}

const wholeSeconds = (ms: number): number => Math.trunc(ms / 1000) * 1000
