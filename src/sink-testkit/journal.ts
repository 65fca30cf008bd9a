import path from 'node:path'
import { JournalReader } from '../journal/reader.js'
import { RingJournal } from '../journal/ring-journal.js'
import { MEDIA_PRODUCER, type MediaRecord } from '../record/media.js'
import { encodeMedia } from '../record/media-frame.js'
import { Control } from '../ring/control.js'
import { F64 } from '../ring/layout.js'
import { RingReader } from '../ring/reader.js'
import { createRing } from '../ring/ring.js'
import { RingWriter } from '../ring/writer.js'
import { Producer } from '../run/producer.js'
import type { JournalRow } from './types.js'

const RING = { capacityBytes: 1024 * 1024, whenFull: 'drop', maxCapacityBytes: 0, maxBlockMs: 1 } as const
const LIMITS = { maxMetrics: 1000, maxNameBytes: 1000 }

/** Writes a real journal into a run directory, through real rings, in the calling thread. */
export class TestJournal {
  readonly #journal: RingJournal
  readonly #control = new Control()
  readonly #producers: Producer[]
  readonly #media: RingWriter

  constructor(runDir: string, producers: number) {
    const directory = path.join(runDir, 'journal')
    this.#journal = new RingJournal({ directory, runId: path.basename(runDir), segmentBytes: 64 * 2 ** 20 })
    this.#producers = Array.from({ length: producers }, (_, producer) => {
      const ring = this.#ring(producer)
      return new Producer({ ring, control: this.#control, limits: LIMITS, warn: () => {} })
    })
    this.#media = new RingWriter(this.#ring(MEDIA_PRODUCER), this.#control)
  }

  row(producer: number, values: { readonly [name: string]: number | bigint }, step: number): void {
    this.#producers[producer]!.log(values, step)
    this.#drain()
  }

  record(record: MediaRecord, step: number, time: number): void {
    const sequence = this.#media.counters[F64.PUBLISHED]!
    const frame = encodeMedia(record, sequence, step, time)
    const words = frame.length / 8
    this.#media.bytes.set(frame, this.#media.reserve(words) * 8)
    this.#media.counters[F64.PUBLISHED] = sequence + 1
    this.#media.publish(words)
    this.#drain()
  }

  close(): void {
    this.#journal.close()
  }

  #ring(producer: number): SharedArrayBuffer {
    const ring = createRing({ ...RING, producer })
    this.#journal.add(new RingReader(ring, 0))
    return ring
  }

  #drain(): void {
    while (this.#journal.pass() > 0) {
      // until the rings are empty
    }
  }
}

/** All rows of a journal, in its order. */
export function rowsOf(runDir: string): JournalRow[] {
  const reader = new JournalReader(path.join(runDir, 'journal'))
  const rows: JournalRow[] = []
  for (let batch = reader.read(); batch !== null; batch = reader.read()) {
    for (let row = 0; row < batch.count; row++) {
      const values: [string, number][] = []
      const integers: [string, bigint][] = []
      for (let slot = batch.offsets[row]!; slot < batch.offsets[row + 1]!; slot++) {
        const name = batch.names[batch.keys[slot]!]!
        values.push([name, batch.values[slot]!])
        const exact = batch.integers.get(slot)
        if (exact !== undefined) integers.push([name, exact])
      }
      rows.push({
        producer: batch.producers[row]!,
        sequence: batch.sequences[row]!,
        step: batch.steps[row]!,
        time: batch.times[row]!,
        // Not by assignment: a metric may be called "__proto__".
        values: Object.fromEntries(values),
        integers: Object.fromEntries(integers),
        media: batch.media.get(row) ?? null,
      })
    }
  }
  reader.close()
  return rows
}
