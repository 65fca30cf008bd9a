import { FilterError, type Literal, OPERATORS, type Operator } from './ast.js'

const WORD = /[A-Za-z_][\w/$@%-]*/y
const SEGMENT = /[\w/$@%-]+/y
const BARE_VALUE = /[^\s()=!<>~"',&|]+/y
const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Infinity)$/
const OPERATOR = /[=!<>~]+/y
const SIGNS = /[&|]+/y
const CONSTANTS: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
])

export const KEYWORDS: readonly string[] = ['and', 'or', 'not']

const isNumber = (text: string): boolean => NUMBER.test(text)

/** Takes a filter expression apart, from left to right. What a word means depends on where it stands. */
export class Scanner {
  readonly text: string
  /** Of the next character that is no space. */
  at = 0

  constructor(text: string) {
    this.text = text
    this.#skip(/\s+/y)
  }

  get ended(): boolean {
    return this.at >= this.text.length
  }

  fail(problem: string, at = this.at): never {
    throw new FilterError(problem, this.text, at)
  }

  /** Takes the character, or the keyword in any case, if it comes next. */
  take(wanted: string): boolean {
    const next = KEYWORDS.includes(wanted) ? this.peekWord()?.toLowerCase() : this.text[this.at]
    if (next !== wanted) return false
    this.at += wanted.length
    this.#skip(/\s+/y)
    return true
  }

  /** The word that comes next; null where none does. */
  peekWord(): string | null {
    return this.#match(WORD)
  }

  /** `summary."val/loss".min`; null where none comes next. */
  path(): string[] | null {
    const first = this.#skip(WORD)
    if (first === null) return null
    const path = [first]
    while (this.text[this.at] === '.') {
      this.at++
      const segment = this.quoted() ?? this.#skip(SEGMENT)
      if (segment === null) this.fail('type a name behind the dot, in quotes where it is not one word')
      path.push(segment)
    }
    this.#skip(/\s+/y)
    return path
  }

  /** Fails at `&&` and `||`, which other languages have. */
  refuseSigns(): void {
    const signs = this.#match(SIGNS)
    if (signs !== null) this.fail(`type "${signs.startsWith('&') ? 'and' : 'or'}" instead of "${signs}"`)
  }

  operator(): Operator {
    this.refuseSigns()
    const at = this.at
    const found = this.#skip(OPERATOR)
    const operator = found === '==' ? '=' : OPERATORS.find((known) => known === found)
    if (operator === undefined) this.fail(`type one of ${OPERATORS.join(' ')} here`, at)
    this.#skip(/\s+/y)
    return operator
  }

  /** A number, a constant, or a text, with or without quotes; undefined where none comes next. */
  value(): Literal | undefined {
    const value = this.quoted() ?? this.#bareValue()
    this.#skip(/\s+/y)
    return value
  }

  /** A quote within a text stands twice, and a backslash for itself: regular expressions have many. */
  quoted(): string | null {
    const quote = this.text[this.at]
    if (quote !== '"' && quote !== "'") return null
    let value = ''
    for (let from = this.at + 1; ; ) {
      const end = this.text.indexOf(quote, from)
      if (end < 0) this.fail(`the text that begins here has no end: type ${quote} behind it`)
      value += this.text.slice(from, end)
      from = end + 2
      if (this.text[end + 1] !== quote) {
        this.at = end + 1
        return value
      }
      value += quote
    }
  }

  #bareValue(): Literal | undefined {
    const word = this.#match(BARE_VALUE)
    if (word === null || KEYWORDS.includes(word.toLowerCase())) return undefined
    this.at += word.length
    const constant = CONSTANTS.get(word)
    if (constant !== undefined) return constant
    return isNumber(word) ? Number(word) : word
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    return pattern.exec(this.text)?.[0] ?? null
  }

  #skip(pattern: RegExp): string | null {
    const found = this.#match(pattern)
    this.at += found?.length ?? 0
    return found
  }
}
