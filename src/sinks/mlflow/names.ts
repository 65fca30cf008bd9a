import { createHash } from 'node:crypto'
import { type Limits, MAX_KEY_CHARACTERS } from './api/limits.js'

const HASH_DIGITS = 8
/** Room for `-` and the hash, and for the prefix of the tag that records the name. */
const MAX_MAPPED = MAX_KEY_CHARACTERS - HASH_DIGITS - 1 - 16

/** As Python's `\w`, and what MLflow allows beside it. */
const FORBIDDEN = /[^\p{L}\p{N}_/.\- :]/gu
const FORBIDDEN_OR_COLON = /[^\p{L}\p{N}_/.\- ]/gu

/**
 * Names of metrics, params and tags as MLflow takes them: letters, digits, `_ - . / :` and spaces, a relative path as
 * it would be normalised, at most 250 characters. Any other name is changed, and a part of its hash is added, so that no two
 * names become one; the result is a function of the name alone.
 */
export class Names {
  readonly #limits: Limits
  readonly #known = new Map<string, string>()
  #fresh: [mapped: string, name: string][] = []

  constructor(limits: Limits) {
    this.#limits = limits
  }

  of(name: string): string {
    let mapped = this.#known.get(name)
    if (mapped === undefined) {
      mapped = mappedName(name, this.#limits.colons)
      this.#known.set(name, mapped)
      if (mapped !== name) this.#fresh.push([mapped, name])
    }
    return mapped
  }

  /** Names that were changed, and are not recorded yet. */
  get fresh(): readonly (readonly [mapped: string, name: string])[] {
    return this.#fresh
  }

  recorded(): void {
    this.#fresh = []
  }
}

export function mappedName(name: string, colons: boolean): string {
  const plain = name
    .replace(colons ? FORBIDDEN : FORBIDDEN_OR_COLON, '_')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => (part === '..' ? '__' : part))
    .join('/')
  if (plain === name && name !== '' && name.length <= MAX_KEY_CHARACTERS) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS)
  return `${cut(plain === '' ? '_' : plain, MAX_MAPPED)}-${hash}`
}

/** At most so many characters, and no half of one. */
export const cut = (text: string, characters: number): string =>
  text.length <= characters ? text : text.slice(0, characters).replace(/[\uD800-\uDBFF]$/, '')
