import type { Dispatcher } from 'undici'
import { SinkError } from '../errors.js'

/** Answers of an API are small; a page of somebody else's need not be read to its end. */
const MAX_ANSWER_BYTES = 1024 * 1024
const SHOWN_CHARACTERS = 200

export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly text: string
}

/** Reads the whole of it. `server`: who has answered, for people. */
export async function answerOf(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  server: string,
  maxBytes = MAX_ANSWER_BYTES,
): Promise<Answer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length
    if (bytes > maxBytes) {
      throw new SinkError('retry', 'BAD_ANSWER', `${server} has answered with over ${maxBytes} bytes`)
    }
    chunks.push(chunk as Buffer)
  }
  return { status: statusCode, headers, text: Buffer.concat(chunks).toString('utf8') }
}

/** Retry-After: seconds or a date; else the end of the rate limit's window. 0 where nothing sensible is said. */
export function retryAfterMs(headers: Answer['headers']): number {
  const given = headers['retry-after'] ?? headers['ratelimit-reset'] ?? headers['x-ratelimit-reset']
  if (typeof given !== 'string') return 0
  const seconds = Number(given)
  const ms = Number.isNaN(seconds) ? Date.parse(given) - Date.now() : seconds * 1000
  return Math.max(ms, 0) || 0
}

/** The object that an answer holds; null for anything else. */
export function parse(text: string): { readonly [key: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as { readonly [key: string]: unknown })
      : null
  } catch {
    // Not JSON: nobody's answer.
    return null
  }
}

/** The beginning of an answer, for people. A server may repeat what it was sent: never a secret, in whatever form. */
export function shown(text: string, secrets: readonly string[]): string {
  const forms = [
    ...secrets.map(base64),
    ...secrets.flatMap((secret) => [encodeURIComponent(secret), inJson(secret), secret]),
  ]
  const safe = forms.filter((form) => form !== '').reduce((rest, form) => rest.replaceAll(form, '***'), text)
  return JSON.stringify(safe.slice(0, SHOWN_CHARACTERS))
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

const base64 = (text: string): string => Buffer.from(text).toString('base64')
