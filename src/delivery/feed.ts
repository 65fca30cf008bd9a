import path from 'node:path'
import type { JournalPlace } from '../journal/position.js'
import { JournalReader, type ReadLimits } from '../journal/reader.js'
import type { RecordBatch } from '../record/batch.js'
import { NameTable } from '../record/names.js'

export interface Fed {
  readonly batch: RecordBatch | null
  /** Rows between here and `after` that are in no batch: see JournalReader. */
  readonly superseded: ReadonlyMap<number, readonly number[]>
  readonly after: JournalPlace
  /** There is no batch, and more behind `after`: a stretch of superseded rows is gone over in parts. */
  readonly paused: boolean
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
    let index = this.#tracks.findIndex((track) => isShared(track) && samePlace(track.before, place))
    if (index < 0) index = this.#tracks.findIndex(({ reader }) => samePlace(reader.place, place))
    const track = index < 0 ? this.#open(place) : this.#tracks.splice(index, 1)[0]!
    const again = isShared(track) && samePlace(track.before, place)
    const fed = again ? track.fed! : next(track.reader, limits)
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

/** Others at the same place get what was read for the first one; at the journal's end there may be more by then. */
const isShared = ({ fed }: Track): boolean => fed !== null && (fed.batch !== null || fed.paused)

/** A reader that failed half-way has rows of nobody knows where: it is not used again. */
function next(reader: JournalReader, limits: ReadLimits): Fed {
  try {
    const batch = reader.read({ ...limits, pauses: true })
    return { batch, superseded: reader.superseded, after: reader.place, paused: reader.paused }
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
