import fs from 'node:fs'
import path from 'node:path'
import { isUnknownName } from '../record/builder.js'
import type { ActualUnits, Split, Unit } from './alignment.js'
import { type DecodedEvent, decodeRecord, recordLength } from './event-record.js'

const WINDOW_BYTES = 256 * 1024

export interface ReadFile {
  readonly name: string
  /** How much of it is to be read. */
  readonly length: number
}

interface Place {
  readonly file: number
  readonly offset: number
}

/** An event that holds values; what a file begins with is left out, since it says nothing of the run. */
export interface EventUnit extends Unit {
  /** Null where its bytes are damaged. */
  readonly event: DecodedEvent | null
}

function eventUnit(event: DecodedEvent): EventUnit {
  const nameless = event.values.some(({ tag }) => isUnknownName(tag))
  return { ...NO_ROW, text: event.text, order: event.wallTime, nameless, event }
}

const NO_ROW = { id: null, producer: null, sequence: null, order: null, nameless: false, event: null }

export function splitEvents(bytes: Buffer): Split<EventUnit>[] {
  const units: Split<EventUnit>[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + recordLength(bytes, at)!
    units.push({ ...eventUnit(decodeRecord(bytes.subarray(at, end))!), end })
    at = end
  }
  return units
}

/** The events of one directory's files, one file after the other. Synchronous file calls. */
export class EventFiles implements ActualUnits<EventUnit> {
  readonly #directory: string
  readonly #name: string
  readonly #files: readonly ReadFile[]
  #fd = -1
  #open = -1
  #place: Place = { file: 0, offset: 0 }
  #buffer = Buffer.allocUnsafe(WINDOW_BYTES)
  /** What the buffer holds. */
  #held = { file: -1, offset: 0, length: 0 }
  #ends: Place[] = []
  exhausted = false

  /** `name`: of the directory, for messages. `files`: in their order. */
  constructor(directory: string, name: string, files: readonly ReadFile[]) {
    this.#directory = directory
    this.#name = name
    this.#files = files
  }

  close(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd)
    this.#fd = -1
    this.#open = -1
  }

  match(expected: Buffer): number {
    let matched = 0
    while (matched < expected.length) {
      const rest = expected.subarray(matched)
      const equal = this.#matchBytes(rest)
      const whole = equal === rest.length ? equal : boundaryBefore(rest, equal)
      matched += whole
      this.#place = { ...this.#place, offset: this.#place.offset + whole }
      if (matched === expected.length) break
      // What a new file begins with, and the metadata of a tag's first value there, are no difference.
      const next = this.#next(this.#place)
      const record = expected.subarray(matched, matched + recordLength(expected, matched)!)
      if (next === null || next.unit.text !== decodeRecord(record)!.text) break
      matched += record.length
      this.#place = next.end
    }
    return matched
  }

  peek(bytes: number): EventUnit[] {
    const units: EventUnit[] = []
    this.#ends = []
    let size = 0
    let next = this.#next(this.#place)
    while (next !== null && (size < bytes || units.length === 0)) {
      units.push(next.unit)
      this.#ends.push(next.end)
      size += next.bytes
      next = this.#next(next.end)
    }
    this.exhausted = next === null
    return units
  }

  skip(count: number): void {
    if (count > 0) this.#place = this.#ends[count - 1]!
  }

  place(): { file: string; number: number } {
    let number = 1
    const next = this.#next(this.#place)
    const { file, offset } = next?.start ?? this.#place
    let at: Place = { file, offset: 0 }
    for (;;) {
      const before = this.#next(at)
      if (before === null || before.start.file !== file || before.start.offset >= offset) break
      number++
      at = before.end
    }
    return { file: path.join(this.#name, this.#files[file]?.name ?? ''), number }
  }

  /** Bytes from here on in this file that equal the beginning of `expected`. */
  #matchBytes(expected: Buffer): number {
    const { file, offset } = this.#place
    let equal = 0
    while (equal < expected.length) {
      const found = this.#read(file, offset + equal, Math.min(WINDOW_BYTES, expected.length - equal))
      if (found.length === 0) break
      const wanted = expected.subarray(equal, equal + found.length)
      if (!found.equals(wanted)) {
        let at = 0
        while (found[at] === wanted[at]) at++
        return equal + at
      }
      equal += found.length
    }
    return equal
  }

  /** The next unit at or after a place; null after the last. */
  #next({ file, offset }: Place): { unit: EventUnit; start: Place; end: Place; bytes: number } | null {
    for (let at = offset; file < this.#files.length; ) {
      const { name, length } = this.#files[file]!
      if (at >= length) {
        file++
        at = 0
        continue
      }
      const record = this.#record(file, at)
      const start = { file, offset: at }
      const end = { file, offset: record === null ? length : at + record.length }
      const event = record === null ? null : decodeRecord(record)
      if (event !== null && event.values.length === 0) {
        at = end.offset
        continue
      }
      const unit = event === null ? { ...NO_ROW, text: `damaged ${name} ${at}` } : eventUnit(event)
      return { unit, start, end, bytes: end.offset - at }
    }
    return null
  }

  /** A whole record; null where none can be told apart from here on. Valid until the next call. */
  #record(file: number, at: number): Buffer | null {
    const length = recordLength(this.#read(file, at, 12), 0)
    if (length === null || at + length > this.#files[file]!.length) return null
    const record = this.#read(file, at, length)
    return record.length === length ? record : null
  }

  /** Up to `length` bytes; fewer at the file's end. Valid until the next call. */
  #read(file: number, offset: number, length: number): Buffer {
    const held = this.#held
    const end = Math.min(offset + length, this.#files[file]?.length ?? 0)
    if (held.file !== file || offset < held.offset || end > held.offset + held.length)
      this.#fill(file, offset, length)
    const from = offset - this.#held.offset
    return this.#buffer.subarray(from, Math.min(from + length, this.#held.length))
  }

  #fill(file: number, offset: number, length: number): void {
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafe(length * 2)
    const limit = Math.max(0, Math.min(this.#buffer.length, (this.#files[file]?.length ?? 0) - offset))
    let done = 0
    while (done < limit) {
      const read = fs.readSync(this.#descriptor(file), this.#buffer, done, limit - done, offset + done)
      if (read === 0) break
      done += read
    }
    this.#held = { file, offset, length: done }
  }

  #descriptor(file: number): number {
    if (this.#open !== file) {
      this.close()
      this.#fd = fs.openSync(path.join(this.#directory, this.#files[file]!.name), 'r')
      this.#open = file
    }
    return this.#fd
  }
}

/** The end of the last whole record before `limit`. */
function boundaryBefore(records: Buffer, limit: number): number {
  let at = 0
  for (;;) {
    const end = at + recordLength(records, at)!
    if (end > limit) return at
    at = end
  }
}
