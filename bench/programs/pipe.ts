import type { JournalFs } from '../../src/journal/files.js'
import { RingJournal } from '../../src/journal/ring-journal.js'
import { Control } from '../../src/ring/control.js'
import { RingReader } from '../../src/ring/reader.js'
import { createRing } from '../../src/ring/ring.js'
import { Producer } from '../../src/run/producer.js'

const MIB = 2 ** 20

export interface Pipe {
  readonly ring: SharedArrayBuffer
  readonly producer: Producer
  readonly journal: RingJournal
}

/** A producer, its ring and a journal in one thread, without a run around them: who fills the ring also empties it. */
export function createPipe(directory: string, ringBytes = 8 * MIB, files?: JournalFs): Pipe {
  const sizes = { capacityBytes: ringBytes, maxCapacityBytes: ringBytes }
  const ring = createRing({ producer: 0, whenFull: 'drop', maxBlockMs: 0, ...sizes })
  const warn = (kind: string, message: string): never => {
    throw new Error(`${kind}: ${message}`)
  }
  const limits = { maxMetrics: 1000, maxNameBytes: 1000 }
  const producer = new Producer({ ring, control: new Control(), limits, warn })
  const segmentBytes = 64 * MIB
  const journal = new RingJournal({ directory, runId: 'bench', segmentBytes, ...(files && { files }) })
  journal.add(new RingReader(ring, 0))
  return { ring, producer, journal }
}
