import { hideSecrets } from './secrets.js'
import { closest } from './suggest.js'

/** One step of a path into the options. */
export type PathSegment = string | number

const SECRET = /key|token|secret|password/i
/** A name that is nearly one of these holds what belongs there: `pasword`, `tokn`. */
const SECRET_WORDS = ['apiKey', 'token', 'secret', 'password']
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/
const UNPRINTABLE = /[\p{C}\u2028\u2029]/gu
const MAX_TEXT = 40

/** `['sinks', 1, 'train/loss']` as `sinks[1]["train/loss"]`. */
export function pathText(path: readonly PathSegment[]): string {
  let text = ''
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`
    else if (IDENTIFIER.test(segment)) text += text === '' ? segment : `.${segment}`
    else text += `[${quote(segment)}]`
  }
  return text === '' ? 'options' : text
}

/** Type and short value of what was given at `path`, on one line. */
export function describeValue(value: unknown, path: readonly PathSegment[]): string {
  const type = typeName(value)
  if (path.some(isSecret)) return `${type} (hidden)`
  if (typeof value === 'string') return `string ${quote(hideSecrets(withoutCredentials(value)))}`
  if (typeof value === 'number' || typeof value === 'boolean') return `${type} ${value}`
  if (typeof value === 'bigint') return `bigint ${shorten(value.toString())}`
  if (Array.isArray(value)) return `array of ${value.length}`
  return type
}

const isSecret = (segment: PathSegment): boolean =>
  typeof segment === 'string' && (SECRET.test(segment) || closest(segment, SECRET_WORDS) !== null)

/** `text` in double quotes, shortened, without anything that could break the line. */
export function quote(text: string): string {
  return JSON.stringify(shorten(text)).replace(UNPRINTABLE, '?')
}

function shorten(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text
}

/** Passwords in URLs. */
export function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^/\s]*@/g, '://***@')
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value
}
