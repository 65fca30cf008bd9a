import { closeSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'

const CHUNK_BYTES = 1024 * 1024
const BYTE_ORDER_MARK = '\uFEFF'

/** The records of a CSV file (RFC 4180; lines may end in any way). The separator is that of the first line. Blocks. */
export function* readCsv(path: string): Generator<string[]> {
  const parser = new Parser()
  for (const text of readText(path)) yield* parser.add(text)
  yield* parser.end()
}

function* readText(path: string): Generator<string> {
  const decoder = new StringDecoder('utf8')
  const buffer = Buffer.alloc(CHUNK_BYTES)
  const file = openSync(path, 'r')
  try {
    for (let first = true; ; first = false) {
      const read = readSync(file, buffer)
      if (read === 0) break
      const text = decoder.write(buffer.subarray(0, read))
      yield first && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
    }
    yield decoder.end()
  } finally {
    closeSync(file)
  }
}

class Parser {
  #separator = ''
  #cells: string[] = []
  #cell = ''
  #quoted = false
  /** The last character was a quote within a quoted cell: its end, or the first half of a quote. */
  #quote = false
  #return = false

  #record(): string[] {
    const cells = [...this.#cells, this.#cell]
    this.#cells = []
    this.#cell = ''
    return cells
  }

  *add(text: string): Generator<string[]> {
    if (this.#separator === '' && text !== '') this.#separator = separatorOf(text)
    for (const character of text) {
      const done = this.#take(character)
      if (done !== null) yield done
    }
  }

  /** The last line may have no end. */
  *end(): Generator<string[]> {
    if (this.#cell !== '' || this.#cells.length > 0) yield this.#record()
  }

  #take(character: string): string[] | null {
    const afterReturn = this.#return
    this.#return = false
    if (this.#quoted && !this.#quote) {
      if (character === '"') this.#quote = true
      else this.#cell += character
      return null
    }
    if (this.#quote) {
      this.#quote = false
      if (character === '"') {
        this.#cell += '"'
        return null
      }
      this.#quoted = false
    }
    if (character === '"' && this.#cell === '') this.#quoted = true
    else if (character === this.#separator) {
      this.#cells.push(this.#cell)
      this.#cell = ''
    } else if (character === '\r' || character === '\n') {
      this.#return = character === '\r'
      return character === '\n' && afterReturn ? null : this.#record()
    } else this.#cell += character
    return null
  }
}

/** What stands most often in the first line, outside of quotes. */
function separatorOf(text: string): string {
  const [line] = text.replace(/"(?:[^"]|"")*"/g, '').split(/[\r\n]/, 1)
  const count = (sign: string): number => line!.split(sign).length
  return [',', ';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best))
}
