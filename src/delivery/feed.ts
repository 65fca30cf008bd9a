import path from 'node:path'
import { type JournalPlace, JournalReader, type ReadLimits } from '../journal/reader.js'
import type { RecordBatch } from '../record/batch.js'
import { NameTable } from '../record/names.js'

export interface Fed {
  readonly batch: RecordBatch | null
  /** Rows between here and `after` that are in no batch: see JournalReader. */
  readonly superseded: ReadonlyMap<number, readonly number[]>
  readonly after: JournalPlace
}

interface Track {
  readonly reader: JournalReader
  before: JournalPlace
  fed: Fed | null
}

const MAX_TRACKS = 4

/**
 * The journal of one run, as the sinks of one thread read it. Sinks that stand at the same place, as they do
 * while all keep up, share one decoded batch (and the decimal texts of its numbers); a sink that is behind
 * gets a reader of its own.
 */
export class Feed {
  readonly #directory: string
  readonly #names = new NameTable()
  /** Most recently used last. */
  readonly #tracks: Track[] = []

  constructor(runDir: string) {
    this.#directory = path.join(runDir, 'journal')
  }

  /** The batch after `place`. Valid until the next call for another place. */
  read(place: JournalPlace, limits: ReadLimits): Fed {
    let index = this.#tracks.findIndex(({ before, fed }) => fed?.batch && samePlace(before, place))
    if (index < 0) index = this.#tracks.findIndex(({ reader }) => samePlace(reader.place, place))
    const track = index < 0 ? this.#open(place) : this.#tracks.splice(index, 1)[0]!
    const fed = track.fed?.batch && samePlace(track.before, place) ? track.fed : next(track.reader, limits)
    track.before = place
    track.fed = fed
    this.#tracks.push(track)
    return fed
  }

  #open(place: JournalPlace): Track {
    if (this.#tracks.length >= MAX_TRACKS) closeQuietly(this.#tracks.shift()!.reader)
    return {
      reader: new JournalReader(this.#directory, place, { names: this.#names }),
      before: place,
      fed: null,
    }
  }

  close(): void {
    for (const { reader } of this.#tracks.splice(0)) closeQuietly(reader)
  }
}

/** A reader that failed half-way has rows of nobody knows where: it is not used again. */
function next(reader: JournalReader, limits: ReadLimits): Fed {
  try {
    return { batch: reader.read(limits), superseded: reader.superseded, after: reader.place }
  } catch (error) {
    closeQuietly(reader)
    throw error
  }
}

/** A file that was only read: its descriptor is gone either way. */
function closeQuietly(reader: JournalReader): void {
  try {
    reader.close()
  } catch {
    // Nothing is lost by it.
  }
}

function samePlace(a: JournalPlace, b: JournalPlace): boolean {
  if (a.position !== b.position) return false
  const producers = Object.keys(a.next)
  return producers.length === Object.keys(b.next).length && producers.every((p) => a.next[p] === b.next[p])
}
