import { join } from 'node:path'
import { RingJournal } from '../../src/journal/ring-journal.js'
import { Control } from '../../src/ring/control.js'
import { RingReader } from '../../src/ring/reader.js'
import { createRing } from '../../src/ring/ring.js'
import { Producer } from '../../src/run/producer.js'

const RING = { capacityBytes: 1024 * 1024, whenFull: 'drop', maxCapacityBytes: 0, maxBlockMs: 1 } as const

/** Writes a real journal into a run directory, through real rings, in the calling thread. */
export class JournalMaker {
  readonly #journal: RingJournal
  readonly #producers: Producer[] = []

  constructor(runDir: string, { producers = 1, segmentBytes = 64 * 1024 * 1024 } = {}) {
    this.#journal = new RingJournal({ directory: join(runDir, 'journal'), runId: 'made', segmentBytes })
    for (let producer = 0; producer < producers; producer++) {
      const ring = createRing({ ...RING, producer })
      const limits = { maxMetrics: 1000, maxNameBytes: 1000 }
      this.#producers.push(new Producer({ ring, control: new Control(), limits, warn: () => {} }))
      this.#journal.add(new RingReader(ring, 0))
    }
  }

  /** Appends rows whose step and value count on from `from`; returns the journal's end. */
  append(count: number, from = 0, producer = 0): number {
    for (let step = from; step < from + count; step++) {
      this.#producers[producer]!.log({ value: step }, step)
      if (step % 1000 === 999) this.#flush()
    }
    return this.#flush()
  }

  /** Appends one row. It is there after the next `flush()`. */
  row(values: { readonly [name: string]: number }, step: number, producer = 0): void {
    this.#producers[producer]!.log(values, step)
  }

  /** Returns the journal's end. */
  flush(): number {
    return this.#flush()
  }

  #flush(): number {
    while (this.#journal.pass() > 0) {
      // until the rings are empty
    }
    return this.#journal.position
  }

  close(): void {
    this.#journal.close()
  }
}
