import { BatchBuilder } from '../../../src/record/builder.js'
import { NameTable } from '../../../src/record/names.js'
import { Control } from '../../../src/ring/control.js'
import { DROP, DROP_CAUSES, F64, I32 } from '../../../src/ring/layout.js'
import { RingReader } from '../../../src/ring/reader.js'
import { createRing } from '../../../src/ring/ring.js'
import { Producer } from '../../../src/run/producer.js'
import type { TensorScalar } from '../../../src/run/values.js'

export interface DecodedRow {
  readonly sequence: number
  readonly step: number
  readonly time: number
  /** Name and value in the order of the row; a bigint where the journal holds the integer. */
  readonly values: readonly (readonly [string, number | bigint])[]
}

/** A producer whose tensors can be waited for. */
class TestProducer extends Producer {
  get reading(): typeof this.readBack {
    return this.readBack
  }
}

/** A producer with a ring, and the rows that come out of the ring's other end. */
export class ProducerFixture {
  readonly ring: SharedArrayBuffer
  readonly producer: TestProducer
  readonly counters: Float64Array
  readonly warnings: string[] = []
  readonly #reader: RingReader
  readonly #builder = new BatchBuilder(new NameTable())

  constructor({ capacityBytes = 1 << 24, maxMetrics = 100_000, maxNameBytes = 16_384 } = {}) {
    this.ring = createRing({
      producer: 0,
      capacityBytes,
      whenFull: 'drop',
      maxCapacityBytes: capacityBytes,
      maxBlockMs: 1,
      firstPosition: 2 ** 32 - 64,
    })
    const told = new Set<string>()
    this.producer = new TestProducer({
      ring: this.ring,
      control: new Control(),
      limits: { maxMetrics, maxNameBytes },
      // Every kind that was told, once: what `warnOnce` lets through.
      warn: (kind) => {
        if (!told.has(kind)) this.warnings.push(kind)
        told.add(kind)
      },
    })
    this.counters = new Float64Array(this.ring, 0, 256)
    this.#reader = new RingReader(this.ring, 0)
  }

  close(): void {
    new Int32Array(this.ring, 0, 512)[I32.CLOSED] = 1
  }

  /** The rows logged since the last call. */
  rows(): DecodedRow[] {
    const rows: DecodedRow[] = []
    while (this.#reader.take(1 << 20)) {
      this.#builder.add(0, this.#reader.firstSequence, this.#reader.bytes)
      const batch = this.#builder.take()
      for (let row = 0; row < batch.count; row++) {
        const values: [string, number | bigint][] = []
        for (let slot = batch.offsets[row]!; slot < batch.offsets[row + 1]!; slot++) {
          values.push([batch.names[batch.keys[slot]!]!, batch.integers.get(slot) ?? batch.values[slot]!])
        }
        rows.push({
          sequence: batch.sequences[row]!,
          step: batch.steps[row]!,
          time: batch.times[row]!,
          values,
        })
      }
      this.#reader.release()
    }
    return rows
  }

  /** What is not zero of the causes for which rows were dropped. */
  get dropped(): Record<string, number> {
    const counts = DROP_CAUSES.map((cause) => [cause, this.counters[DROP[cause]]!] as const)
    return Object.fromEntries(counts.filter(([, count]) => count > 0))
  }

  get skipped(): number {
    return this.counters[F64.SKIPPED_VALUES]!
  }

  get refused(): number {
    return this.counters[F64.REFUSED_VALUES]!
  }

  get reading(): number {
    return this.counters[F64.READING]!
  }
}

/** A tensor of size 1 by its shape, whose data come when the test says so. Counts how its clones are disposed. */
export class FakeTensor implements TensorScalar {
  readonly rank = 0
  readonly size = 1
  disposals = 0
  readonly clones: FakeTensor[] = []
  kept = false
  #settle: { resolve(data: ArrayLike<number>): void; reject(error: unknown): void } | undefined

  constructor(
    readonly value: number,
    readonly fails: {
      readonly clone?: unknown
      readonly data?: unknown
      readonly dataSync?: unknown
      readonly dispose?: unknown
    } = {},
  ) {}

  clone(): FakeTensor {
    if (this.fails.clone !== undefined) throw this.fails.clone
    const clone = new FakeTensor(this.value, this.fails)
    this.clones.push(clone)
    return clone
  }

  data(): Promise<ArrayLike<number>> {
    if (this.fails.data !== undefined) throw this.fails.data
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  dataSync(): ArrayLike<number> {
    if (this.fails.dataSync !== undefined) throw this.fails.dataSync
    return [this.value]
  }

  dispose(): void {
    this.disposals++
    if (this.fails.dispose !== undefined) throw this.fails.dispose
  }

  /** The device has the clones' data. */
  arrive(): void {
    for (const clone of this.clones) clone.#settle?.resolve([clone.value])
  }

  break(error: unknown): void {
    for (const clone of this.clones) clone.#settle?.reject(error)
  }
}
