import fs from 'node:fs'
import { DefinitionStore } from './definitions.js'
import { listSegments, segmentPath } from './files.js'
import type { Note } from './payload.js'
import { positionOf } from './position.js'
import { JournalReader } from './reader.js'

/** What a writer must know to go on with a journal that another writer began. */
export interface JournalAccount {
  /** First row of each producer that the journal does not hold. */
  readonly next: Map<number, number>
  readonly definitions: DefinitionStore
}

/**
 * Reads the end of a journal back: the last segment whose head is readable, and what follows it. Bounded by
 * the size of a segment, since each head says where the producers stood. Makes what it found durable.
 */
export function readBack(directory: string): JournalAccount {
  const segments = listSegments(directory)
  const definitions = new DefinitionStore()
  const next = new Map<number, number>()
  for (const first of [...segments].reverse()) {
    syncFile(segmentPath(directory, first))
    let headed = false
    const onNote = (note: Note): void => {
      if (note.note !== 'segment') return
      headed = true
      for (const [producer, sequence] of Object.entries(note.next)) raise(next, Number(producer), sequence)
    }
    const reader = new JournalReader(directory, { position: positionOf(first, 0), next: {} }, { onNote })
    while (reader.read() !== null) {
      // only the place that it ends at is wanted
    }
    for (const [producer, sequence] of Object.entries(reader.place.next))
      raise(next, Number(producer), sequence)
    for (const { producer, key, name } of reader.definitions()) definitions.addName(producer, key, name)
    reader.close()
    if (headed || first === segments[0]) break
  }
  return { next, definitions }
}

function raise(next: Map<number, number>, producer: number, sequence: number): void {
  if (sequence > (next.get(producer) ?? 0)) next.set(producer, sequence)
}

function syncFile(file: string): void {
  const fd = fs.openSync(file, 'r')
  try {
    fs.fdatasyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
