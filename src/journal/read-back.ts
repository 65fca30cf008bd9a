import fs from 'node:fs'
import { DefinitionStore } from './definitions.js'
import { listSegments, segmentPath } from './files.js'
import { eachDefinition } from './lost-names.js'
import {
  type DropCounts,
  FRAMES_HEADER_BYTES,
  type FramesHeader,
  type Note,
  readFramesHeader,
  readNote,
} from './payload.js'
import { positionOf } from './position.js'
import { RecordReader, type RecordVisitor } from './records.js'

/** What a writer must know to go on with a journal that another writer began. */
export interface JournalAccount {
  /** First row of each producer that was not written to the journal. */
  readonly next: Map<number, number>
  readonly definitions: DefinitionStore
  /** Rows that each producer had to drop, by its latest note. */
  readonly dropped: Map<number, DropCounts>
}

/**
 * Reads the end of a journal back: the last segment whose head is readable and tells of all before it, and what
 * follows it. Bounded by the size of a segment. Makes what it found durable.
 */
export function readBack(directory: string): JournalAccount {
  const segments = listSegments(directory)
  const account = new AccountVisitor()
  for (const segment of segments.reverse()) {
    syncFile(segmentPath(directory, segment))
    account.headed = false
    const reader = new RecordReader(directory, positionOf(segment, 0), account)
    try {
      while (reader.readBuffer(Number.POSITIVE_INFINITY)) {
        // until the segment's end
      }
    } finally {
      reader.close()
    }
    if (account.headed) break
  }
  return account
}

/** Segments are read from the last one back, each from its beginning on. */
class AccountVisitor implements RecordVisitor, JournalAccount {
  readonly next = new Map<number, number>()
  readonly definitions = new DefinitionStore()
  readonly dropped = new Map<number, DropCounts>()
  readonly #header: FramesHeader = { producer: 0, rows: 0, firstSequence: 0 }
  /** The segment's note was read, and it is not one that copies rows which the segment before may have too. */
  headed = false

  record(buffer: Buffer, start: number, end: number): boolean {
    const header = readFramesHeader(buffer, start, end, this.#header)
    if (header !== null) {
      const { producer, rows, firstSequence } = header
      if (rows > 0) this.#raise(producer, firstSequence + rows)
      const frames = buffer.subarray(start + FRAMES_HEADER_BYTES, end)
      eachDefinition(frames, (key, name) => this.definitions.addName(producer, key, name))
    } else {
      const note = readNote(buffer, start, end)
      if (note !== null) this.#addNote(note)
    }
    return true
  }

  damage(): void {
    // What cannot be read is no part of the account.
  }

  #addNote(note: Note): void {
    if (note.note === 'dropped') this.#drop(note.producer, note.dropped)
    if (note.note !== 'segment') return
    this.headed = Object.keys(note.repeats ?? {}).length === 0
    for (const [producer, sequence] of Object.entries(note.next)) this.#raise(Number(producer), sequence)
    for (const [producer, counts] of Object.entries(note.dropped ?? {})) this.#drop(Number(producer), counts)
  }

  #raise(producer: number, sequence: number): void {
    if (sequence > (this.next.get(producer) ?? 0)) this.next.set(producer, sequence)
  }

  /** Counts only grow: the largest are the latest. */
  #drop(producer: number, counts: DropCounts): void {
    const known: Record<string, number> = { ...this.dropped.get(producer) }
    for (const [cause, count] of Object.entries(counts)) known[cause] = Math.max(count, known[cause] ?? 0)
    this.dropped.set(producer, known)
  }
}

function syncFile(file: string): void {
  const fd = fs.openSync(file, 'r')
  try {
    fs.fdatasyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
