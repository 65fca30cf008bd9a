import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RingJournal } from '../../src/journal/ring-journal.js'
import { encodeKey, KIND_ROW, ROW_HEADER_WORDS, rowWords } from '../../src/record/frame.js'
import { MEDIA_PRODUCER } from '../../src/record/media.js'
import { encodeMedia } from '../../src/record/media-frame.js'
import { Control } from '../../src/ring/control.js'
import { F64 } from '../../src/ring/layout.js'
import { RingReader } from '../../src/ring/reader.js'
import { createRing } from '../../src/ring/ring.js'
import { RingWriter } from '../../src/ring/writer.js'
import type { Call } from './wandb-calls.js'

const RING = { capacityBytes: 1024 * 1024, whenFull: 'drop', maxCapacityBytes: 0, maxBlockMs: 1 } as const

interface Written {
  readonly writer: RingWriter
  /** Ids of names. */
  readonly keys: Map<string, number>
}

/** Writes calls with times of their own into a real journal, through real rings, in the calling thread. */
export class CallJournal {
  readonly #runDir: string
  readonly #journal: RingJournal
  readonly #control = new Control()
  readonly #rings = new Map<number, Written>()

  constructor(runDir: string) {
    this.#runDir = runDir
    const segmentBytes = 64 * 1024 * 1024
    this.#journal = new RingJournal({ directory: join(runDir, 'journal'), runId: 'made', segmentBytes })
  }

  /** In this order, whatever their producers are. */
  append(calls: readonly Call[]): void {
    for (const call of calls) {
      if (call.kind === 'row') this.#row(call)
      else this.#record(call)
      while (this.#journal.pass() > 0) {
        // until the rings are empty
      }
    }
  }

  close(): void {
    this.#journal.close()
  }

  #row({ producer, step, time, values }: Extract<Call, { kind: 'row' }>): void {
    const ring = this.#ring(producer)
    const ids = Object.keys(values).map((name) => this.#key(ring, name))
    const { writer } = ring
    const sequence = writer.counters[F64.PUBLISHED]!
    const words = rowWords(ids.length)
    const at = writer.reserve(words)
    writer.u32[at * 2] = ((words << 8) | KIND_ROW) >>> 0
    writer.u32[at * 2 + 1] = sequence
    writer.f64.set([step, time, ...Object.values(values)], at + 1)
    writer.u32.set(ids, (at + ROW_HEADER_WORDS + ids.length) * 2)
    writer.counters[F64.PUBLISHED] = sequence + 1
    writer.publish(words)
  }

  #record({ step, time, record, bytes }: Extract<Call, { kind: 'record' }>): void {
    if (bytes !== undefined) {
      const path = join(this.#runDir, record.file!.path)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, bytes)
    }
    const { writer } = this.#ring(MEDIA_PRODUCER)
    const sequence = writer.counters[F64.PUBLISHED]!
    this.#publish(writer, encodeMedia(record, sequence, step, time), sequence + 1)
  }

  #key({ writer, keys }: Written, name: string): number {
    const known = keys.get(name)
    if (known !== undefined) return known
    const id = keys.size
    keys.set(name, id)
    const frame = encodeKey(id, name)
    this.#publish(writer, frame, writer.counters[F64.PUBLISHED]!)
    return id
  }

  #publish(writer: RingWriter, frame: Uint8Array, published: number): void {
    const words = frame.length / 8
    writer.bytes.set(frame, writer.reserve(words) * 8)
    writer.counters[F64.PUBLISHED] = published
    writer.publish(words)
  }

  #ring(producer: number): Written {
    const known = this.#rings.get(producer)
    if (known !== undefined) return known
    const buffer = createRing({ ...RING, producer })
    const written = { writer: new RingWriter(buffer, this.#control), keys: new Map<string, number>() }
    this.#rings.set(producer, written)
    this.#journal.add(new RingReader(buffer, 0))
    return written
  }
}
