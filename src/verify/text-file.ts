import fs from 'node:fs'
import type { ActualUnits, Split, Unit } from './alignment.js'

const NEW_LINE = 0x0a
const COMPARED_BYTES = 256 * 1024
/** A stretch without a new line that is longer than this is looked at in pieces: zeros, say. */
const MAX_LINE_BYTES = 8 * 2 ** 20

export type ReadUnit = (line: string) => Unit

/** Lines as units, in the bytes that a sink would write. */
export function splitLines(bytes: Buffer, read: ReadUnit): Split<Unit>[] {
  const units: Split<Unit>[] = []
  for (let start = 0; start < bytes.length; ) {
    const newLine = bytes.indexOf(NEW_LINE, start)
    const end = newLine < 0 ? bytes.length : newLine + 1
    units.push({ ...read(bytes.toString('latin1', start, newLine < 0 ? end : newLine)), end })
    start = end
  }
  return units
}

/** The lines of a file up to a committed length, from its beginning on. Synchronous file calls. */
export class TextFile implements ActualUnits<Unit> {
  readonly #name: string
  readonly #read: ReadUnit
  readonly #fd: number
  readonly #end: number
  #offset = 0
  #buffer = Buffer.allocUnsafe(COMPARED_BYTES)
  #ends: number[] = []
  exhausted = false
  /** Lines before `offset`, as far as they were counted. */
  #counted = { offset: 0, lines: 0 }

  /** `name`: for messages. `read` says what a line is. */
  constructor(path: string, name: string, length: number, read: ReadUnit) {
    this.#name = name
    this.#read = read
    this.#fd = fs.openSync(path, 'r')
    const { size } = fs.fstatSync(this.#fd)
    // A length inside a line: the lines have moved since, and the last ones of them are found behind it.
    this.#end = this.#endsLine(length) ? Math.min(length, size) : size
  }

  #endsLine(length: number): boolean {
    const last = length === 0 ? undefined : this.#bytes(length - 1, 1)[0]
    return last === undefined || last === NEW_LINE
  }

  close(): void {
    fs.closeSync(this.#fd)
  }

  match(expected: Buffer): number {
    let matched = 0
    while (matched < expected.length) {
      const length = Math.min(COMPARED_BYTES, expected.length - matched, this.#end - this.#offset - matched)
      if (length <= 0) break
      const wanted = expected.subarray(matched, matched + length)
      const found = this.#bytes(this.#offset + matched, length)
      if (!found.equals(wanted)) {
        matched += equalBytes(found, wanted)
        break
      }
      matched += length
    }
    if (matched < expected.length)
      matched = matched === 0 ? 0 : expected.lastIndexOf(NEW_LINE, matched - 1) + 1
    this.#offset += matched
    return matched
  }

  peek(bytes: number): Unit[] {
    for (let wanted = bytes; ; wanted *= 2) {
      const rest = this.#end - this.#offset
      const window = this.#bytes(this.#offset, Math.min(wanted, rest))
      const units: Unit[] = []
      this.#ends = []
      let start = 0
      for (let newLine = window.indexOf(NEW_LINE); newLine >= 0; newLine = window.indexOf(NEW_LINE, start)) {
        units.push(this.#read(window.toString('latin1', start, newLine)))
        start = newLine + 1
        this.#ends.push(start)
      }
      const whole = wanted >= rest
      this.exhausted = whole
      if (start < window.length && (whole || (units.length === 0 && wanted >= MAX_LINE_BYTES))) {
        // The same text without its new line is another unit.
        units.push(this.#read(`${window.toString('latin1', start, window.length)}\n`))
        this.#ends.push(window.length)
      }
      if (units.length > 0 || whole) return units
    }
  }

  skip(count: number): void {
    if (count > 0) this.#offset += this.#ends[count - 1]!
  }

  place(): { file: string; number: number } {
    let { offset, lines } = this.#counted
    while (offset < this.#offset) {
      const bytes = this.#bytes(offset, Math.min(COMPARED_BYTES, this.#offset - offset))
      for (let at = bytes.indexOf(NEW_LINE); at >= 0; at = bytes.indexOf(NEW_LINE, at + 1)) lines++
      offset += bytes.length
    }
    this.#counted = { offset, lines }
    return { file: this.#name, number: lines + 1 }
  }

  /** Valid until the next call. */
  #bytes(offset: number, length: number): Buffer {
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafe(length)
    const bytes = this.#buffer.subarray(0, length)
    let done = 0
    while (done < length) {
      const read = fs.readSync(this.#fd, bytes, done, length - done, offset + done)
      if (read === 0) break
      done += read
    }
    return bytes.subarray(0, done)
  }
}

/** Length of the common beginning. Whole pieces first: `equals` is a hundred times faster than a loop. */
function equalBytes(a: Buffer, b: Buffer): number {
  const end = Math.min(a.length, b.length)
  let from = 0
  while (from + 4096 <= end && a.subarray(from, from + 4096).equals(b.subarray(from, from + 4096)))
    from += 4096
  while (from < end && a[from] === b[from]) from++
  return from
}
