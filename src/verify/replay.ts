import type { JournalPlace } from '../journal/position.js'
import { JournalReader } from '../journal/reader.js'
import type { RecordBatch } from '../record/batch.js'
import { isUnknownName } from '../record/builder.js'
import { NameTable } from '../record/names.js'

/** One that wants the records before its place. */
export interface ReplayTarget {
  readonly place: JournalPlace
  take(batch: RecordBatch): void
}

/** As much as delivery takes at once: the columns of a batch stay in the processor's caches. */
const BATCH_BYTES = 256 * 1024
const TURN_MS = 20

/**
 * Reads a journal once for all targets, each of which gets the records before its place, in order. `ends` tells
 * per target where the journal's records before its place end: the next sequence number of each producer.
 * Synchronous file calls; timers and signals get a turn every 20 ms.
 */
export async function replay(
  journal: string,
  targets: readonly ReplayTarget[],
  nameless: Set<string>,
  onPosition: (position: number) => void,
): Promise<Map<ReplayTarget, JournalPlace['next']>> {
  const names = new NameTable()
  const reader = new JournalReader(journal, undefined, { names })
  const finder = new NamelessFinder(nameless)
  const ends = new Map<ReplayTarget, JournalPlace['next']>()
  let turn = performance.now()
  try {
    for (const end of [...new Set(targets.map(({ place }) => place.position))].sort((a, b) => a - b)) {
      const takers = targets.filter(({ place }) => place.position >= end)
      for (let batch = reader.read({ end, maxBytes: BATCH_BYTES }); batch !== null; ) {
        finder.look(batch)
        for (const target of takers) target.take(batch)
        if (performance.now() - turn > TURN_MS) {
          onPosition(reader.position)
          await new Promise((resolve) => setImmediate(resolve))
          turn = performance.now()
        }
        batch = reader.read({ end, maxBytes: BATCH_BYTES })
      }
      for (const target of takers.filter(({ place }) => place.position === end)) {
        ends.set(target, readRest(journal, reader.place, names, target))
      }
    }
    onPosition(reader.position)
  } finally {
    reader.close()
  }
  return ends
}

/** Half-way through a batch a place is the batch's own, and its sequence numbers say what is behind it. */
function readRest(
  journal: string,
  reached: JournalPlace,
  names: NameTable,
  target: ReplayTarget,
): JournalPlace['next'] {
  const { place } = target
  const isShort = (next: JournalPlace['next']): boolean =>
    Object.entries(place.next).some(([producer, sequence]) => sequence > (next[producer] ?? 0))
  if (!isShort(reached.next)) return reached.next
  const next = { ...reached.next }
  const reader = new JournalReader(journal, { ...place, next }, { names })
  try {
    while (isShort(next)) {
      const batch = reader.read({ maxBytes: BATCH_BYTES })
      if (batch === null) break
      let count = 0
      while (count < batch.count && batch.sequences[count]! < (place.next[batch.producers[count]!] ?? 0)) {
        next[batch.producers[count]!] = batch.sequences[count]! + 1
        count++
      }
      if (count > 0) target.take(batch.slice(0, count))
      if (count < batch.count) break
    }
  } finally {
    reader.close()
  }
  return next
}

/** Most journals have none; where one has, it is a block or two of them. */
const MAX_NAMELESS = 1_000_000

/** Finds the records that have a metric whose name the journal has lost. */
class NamelessFinder {
  readonly #found: Set<string>
  readonly #unknown = new Set<number>()
  #seen = 0

  constructor(found: Set<string>) {
    this.#found = found
  }

  look({ count, names, offsets, keys, producers, sequences }: RecordBatch): void {
    for (; this.#seen < names.length; this.#seen++) {
      if (isUnknownName(names[this.#seen]!)) this.#unknown.add(this.#seen)
    }
    if (this.#unknown.size === 0) return
    for (let row = 0; row < count && this.#found.size < MAX_NAMELESS; row++) {
      for (let slot = offsets[row]!; slot < offsets[row + 1]!; slot++) {
        if (this.#unknown.has(keys[slot]!)) this.#found.add(`${producers[row]}:${sequences[row]}`)
      }
    }
  }
}
