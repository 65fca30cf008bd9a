import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { JournalFs } from '../../../src/journal/files.js'
import { RingJournal } from '../../../src/journal/ring-journal.js'
import { Control } from '../../../src/ring/control.js'
import { F64 } from '../../../src/ring/layout.js'
import { RingReader } from '../../../src/ring/reader.js'
import { createRing } from '../../../src/ring/ring.js'
import { Producer } from '../../../src/run/producer.js'

export function temporaryDirectory(): string {
  const parent = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
  return fs.mkdtempSync(path.join(parent, 'offstep-journal-'))
}

export type Values = { readonly [name: string]: number | bigint }

export interface ExpectedRow {
  readonly producer: number
  readonly sequence: number
  readonly step: number
  readonly values: readonly (readonly [string, number | bigint])[]
}

/** Producers, their rings and a journal; what was logged is remembered. */
export class JournalFixture {
  readonly directory: string
  readonly rows: ExpectedRow[] = []
  readonly rings: SharedArrayBuffer[] = []
  readonly #producers: Producer[] = []
  readonly #segmentBytes: number
  readonly #files: JournalFs
  #journal: RingJournal | null = null

  constructor({
    directory = temporaryDirectory(),
    segmentBytes = 2 ** 30,
    producers = 1,
    files = fs as JournalFs,
    capacityBytes = 1 << 21,
  } = {}) {
    this.directory = directory
    this.#segmentBytes = segmentBytes
    this.#files = files
    for (let producer = 0; producer < producers; producer++) {
      const ring = createRing({
        producer,
        capacityBytes,
        whenFull: 'drop',
        maxCapacityBytes: capacityBytes,
        maxBlockMs: 1,
      })
      this.rings.push(ring)
      const limits = { maxMetrics: 100_000, maxNameBytes: 16_384 }
      this.#producers.push(new Producer({ ring, control: new Control(), limits, warn: () => {} }))
    }
  }

  get journal(): RingJournal {
    if (this.#journal !== null) return this.#journal
    const journal = new RingJournal({
      directory: this.directory,
      runId: 'test',
      segmentBytes: this.#segmentBytes,
      files: this.#files,
    })
    for (const [producer, ring] of this.rings.entries()) {
      journal.add(new RingReader(ring, journal.nextSequence(producer)))
    }
    this.#journal = journal
    return journal
  }

  log(values: Values, step: number, producer = 0): void {
    const sequence = this.counter(F64.PUBLISHED, producer)
    this.#producers[producer]!.log(values, step)
    assert.equal(this.counter(F64.PUBLISHED, producer), sequence + 1, 'the row fits the ring')
    this.rows.push({ producer, sequence, step, values: Object.entries(values) })
  }

  /** Logs until the ring is full. */
  fill(values: Values): void {
    for (let sequence = this.counter(F64.PUBLISHED); ; sequence++) {
      this.#producers[0]!.log(values, sequence)
      if (this.counter(F64.PUBLISHED) === sequence) return
      this.rows.push({ producer: 0, sequence, step: sequence, values: Object.entries(values) })
    }
  }

  counter(index: number, producer = 0): number {
    return new Float64Array(this.rings[producer]!, 0, 256)[index]!
  }

  /** What the drain's loop does in one turn. False after an error, which it answers as the drain does. */
  turn(passing: readonly string[] = ['ENOSPC'], sync = true): boolean {
    try {
      this.journal.pass()
      if (sync) this.journal.sync()
      return true
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === undefined) throw error
      if (!passing.includes(code)) this.#journal?.abandonSegment()
      return false
    }
  }

  write(): void {
    this.journal.pass()
    this.journal.sync()
  }

  /** The drain dies: nothing is closed or released. The next use begins a journal writer anew. */
  crash(): void {
    this.#journal = null
  }

  close(): void {
    this.#journal?.close()
    this.#journal = null
  }

  remove(): void {
    fs.rmSync(this.directory, { recursive: true, force: true })
  }
}
