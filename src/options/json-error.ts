// In a string: from the space on (no control characters), less the quotation mark and the backslash.
const SCALAR =
  /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const SPACE = /[ \t\n\r]*/y

/**
 * The line (from 1) at which `text` stops being JSON (RFC 8259). JSON.parse names a position for some errors
 * only, and quotes the text, which may hold a secret.
 */
export function jsonErrorLine(text: string): number {
  const scanner = new Scanner(text)
  scanner.document()
  return text.slice(0, scanner.at).split('\n').length
}

class Scanner {
  readonly #text: string
  at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Moves to the first character that does not belong. */
  document(): void {
    if (this.value()) this.#match(SPACE)
  }

  /** Moves past one value; false, with `at` on the error, where there is none. */
  value(): boolean {
    this.#match(SPACE)
    if (this.#take('{')) return this.#list('}', () => this.#member())
    if (this.#take('[')) return this.#list(']', () => this.value())
    return this.#match(SCALAR) !== ''
  }

  #list(end: string, item: () => boolean): boolean {
    this.#match(SPACE)
    if (this.#take(end)) return true
    do {
      if (!item()) return false
      this.#match(SPACE)
    } while (this.#take(','))
    return this.#take(end)
  }

  #member(): boolean {
    this.#match(SPACE)
    if (this.#text[this.at] !== '"' || this.#match(SCALAR) === '') return false
    this.#match(SPACE)
    return this.#take(':') && this.value()
  }

  #take(character: string): boolean {
    if (this.#text[this.at] !== character) return false
    this.at++
    return true
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)?.[0] ?? ''
    this.at += found.length
    return found
  }
}
