import { join } from 'node:path'
import { DefinitionStore } from '../journal/definitions.js'
import { JournalWriter } from '../journal/writer.js'
import { encodeKey, KIND_ROW, ROW_HEADER_WORDS, rowWords } from '../record/frame.js'
import type { MediaRecord } from '../record/media.js'
import { encodeMedia } from '../record/media-frame.js'
import type { ImportedRow } from './types.js'

const SEGMENT_BYTES = 64 * 1024 * 1024
/** Of the only producer that an imported run has. */
const MAIN = 0

/** Writes the journal of an imported run: the frames that a run's thread would have written. Blocks. */
export class ImportedJournal {
  readonly #writer: JournalWriter
  readonly #definitions = new DefinitionStore()
  readonly #ids = new Map<string, number>()
  #frames: Uint8Array[] = []
  #keys: Uint8Array[] = []
  #bytes = 0
  #first = 0
  #rows = 0
  #room = 0

  constructor(runDir: string, runId: string) {
    const options = { directory: join(runDir, 'journal'), runId, segmentBytes: SEGMENT_BYTES }
    this.#writer = new JournalWriter(options, {
      next: () => ({ [MAIN]: this.#first }),
      copies: () => new Map(),
      dropped: () => ({}),
      definitions: () => this.#definitions.groups(),
    })
    this.#room = this.#writer.room()
  }

  /** Records so far. */
  get rows(): number {
    return this.#first + this.#rows
  }

  add(row: ImportedRow): void {
    const keys: Uint8Array[] = []
    const ids = [...row.values.keys()].map((name) => this.#idOf(name, keys))
    this.#append(keys, encodeRow(row, ids, this.rows))
  }

  addUpdate(record: MediaRecord, step: number, time: number): void {
    this.#append([], encodeMedia(record, this.rows, step, time))
  }

  /** All of it is on the disk then. */
  close(): void {
    this.#write()
    this.#writer.flush()
    this.#writer.sync()
    this.#writer.close()
  }

  #idOf(name: string, keys: Uint8Array[]): number {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const id = this.#ids.size
    this.#ids.set(name, id)
    keys.push(encodeKey(id, name.toWellFormed()))
    return id
  }

  #append(keys: readonly Uint8Array[], frame: Uint8Array): void {
    const length = keys.reduce((sum, key) => sum + key.length, frame.length)
    if (this.#bytes + length > this.#room) this.#write()
    this.#frames.push(...keys, frame)
    this.#keys.push(...keys)
    this.#bytes += length
    this.#rows++
  }

  #write(): void {
    if (this.#rows > 0) {
      this.#writer.appendFrames(MAIN, this.#rows, this.#first, Buffer.concat(this.#frames))
      for (const key of this.#keys) {
        this.#definitions.add(MAIN, key)
        this.#writer.repeatLater(MAIN, key)
      }
    }
    this.#first += this.#rows
    this.#rows = 0
    this.#frames = []
    this.#keys = []
    this.#bytes = 0
    this.#room = this.#writer.room()
  }
}

/** A ROW frame (see record/frame.ts). */
function encodeRow({ step, time, values }: ImportedRow, ids: readonly number[], sequence: number): Buffer {
  const words = rowWords(ids.length)
  const frame = Buffer.alloc(words * 8)
  frame.writeUInt32LE(((words << 8) | KIND_ROW) >>> 0, 0)
  frame.writeUInt32LE(sequence % 2 ** 32, 4)
  frame.writeDoubleLE(step, 8)
  frame.writeDoubleLE(time, 16)
  let at = ROW_HEADER_WORDS * 8
  for (const value of values.values()) at = frame.writeDoubleLE(value, at)
  for (const id of ids) at = frame.writeUInt32LE(id, at)
  return frame
}
