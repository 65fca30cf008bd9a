import { KIND_KEY } from '../record/frame.js'
import { listSegments } from './files.js'
import { FRAMES_HEADER_BYTES, PAYLOAD, readNote } from './payload.js'
import { positionOf } from './position.js'
import { RecordReader, type RecordVisitor } from './records.js'

export type Define = (producer: number, key: number, name: string) => void

/**
 * Finds the names of keys whose definitions damage took: they stand again further on in the segment, and in the
 * head of each later one. Each place is searched once in a reader's life.
 */
export class LostNames {
  readonly #directory: string
  readonly #wholes = new Set<number>()
  readonly #heads = new Set<number>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Tells of definitions from `segment` on, until `found()` or there are no more. */
  search(segment: number, define: Define, found: () => boolean): void {
    if (!this.#wholes.has(segment)) {
      this.#wholes.add(segment)
      this.#read(segment, new DefinitionVisitor(define, false))
    }
    for (const later of listSegments(this.#directory)) {
      if (found()) return
      if (later <= segment || this.#heads.has(later)) continue
      this.#heads.add(later)
      this.#read(later, new DefinitionVisitor(define, true))
    }
  }

  #read(segment: number, visitor: RecordVisitor): void {
    const reader = new RecordReader(this.#directory, positionOf(segment, 0), visitor)
    try {
      while (reader.readBuffer(Number.POSITIVE_INFINITY) && !reader.held) {
        // until the end, or the end of the head
      }
    } finally {
      reader.close()
    }
  }
}

class DefinitionVisitor implements RecordVisitor {
  readonly #define: Define
  readonly #headOnly: boolean

  constructor(define: Define, headOnly: boolean) {
    this.#define = define
    this.#headOnly = headOnly
  }

  record(buffer: Buffer, start: number, end: number): boolean {
    if (buffer[start] === PAYLOAD.FRAMES) {
      const producer = buffer.readUInt16LE(start + 2)
      eachDefinition(buffer.subarray(start + FRAMES_HEADER_BYTES, end), (key, name) =>
        this.#define(producer, key, name),
      )
    }
    return !this.#headOnly || readNote(buffer, start, end)?.note !== 'segment'
  }

  damage(): void {
    // Its definitions may stand elsewhere.
  }
}

/** The key definitions among frames, in their order. */
export function eachDefinition(frames: Buffer, call: (key: number, name: string) => void): void {
  for (let at = 0; at + 8 <= frames.length; ) {
    const header = frames.readUInt32LE(at)
    const bytes = (header >>> 8) * 8
    if (bytes === 0 || at + bytes > frames.length) return
    if ((header & 0xff) === KIND_KEY) {
      const length = frames.readUInt32LE(at + 8)
      call(frames.readUInt32LE(at + 4), frames.toString('utf8', at + 16, at + 16 + length))
    }
    at += bytes
  }
}
