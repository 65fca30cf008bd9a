import { expect } from 'vitest'
import { JournalReader } from '../../../src/journal/reader.js'
import { RingJournal } from '../../../src/journal/ring-journal.js'
import { scanJournal } from '../../../src/journal/scan.js'
import { Control } from '../../../src/ring/control.js'
import { DROP, F64 } from '../../../src/ring/layout.js'
import { RingReader } from '../../../src/ring/reader.js'
import { createRing } from '../../../src/ring/ring.js'
import { Producer } from '../../../src/run/producer.js'
import { type PowerCut, SimDisk } from '../../support/sim-fs/disk.js'
import { type Installed, installSimFs } from '../../support/sim-fs/install.js'
import { Random } from './random.js'

const ROOT = '/simulated-disk'
export const RUN_DIR = `${ROOT}/run`
const JOURNAL = `${RUN_DIR}/journal`
const LIMITS = { maxMetrics: 100_000, maxNameBytes: 1024 }
const NAMES = Array.from({ length: 3000 }, (_, i) => `m${i}`)
const PASSING = new Set(['ENOSPC'])

export interface Row {
  readonly step: number
  readonly names: readonly string[]
  readonly value: number
}

/** One producer of one life, and what is known of its rows. */
export interface Logged {
  readonly id: number
  readonly ring: SharedArrayBuffer
  readonly counters: Float64Array
  readonly producer: Producer
  readonly rows: Row[]
  /** Rows before this one were synced before the power went. */
  synced: number
  /** Rows that were there after a cut: no later one may take them. */
  readonly kept: Set<number>
  dropped: number
}

export interface PowerCaseResult {
  readonly cuts: number
  readonly rows: number
  readonly synced: number
  /** Rows that the reader counts as lost. */
  readonly lost: number
}

/** The life of a journal on a disk that loses power again and again: what is done, and what must be there. */
export class PowerCase {
  readonly random: Random
  readonly disk: SimDisk
  readonly logged: Logged[] = []
  /** Rows that were there after the last cut, by producer. */
  found: readonly ReadonlySet<number>[] = []
  /** What sinks may read up to: the drain tells it after a turn that went well. */
  position = 0
  readonly #segmentBytes: number
  #producers: readonly Logged[] = []
  #bursts = 0
  #syncs = 0
  #cuts = 0
  #sim: Installed | null = null
  #journal: RingJournal | null = null
  #steps = 0
  lost = 0

  constructor(seed: number) {
    this.random = new Random(seed)
    this.disk = new SimDisk(seed * 7 + 1)
    this.#segmentBytes = this.random.pick([1, 8, 24, 64, 200]) * 1024
  }

  run(): PowerCaseResult {
    try {
      for (let life = this.begin(); life > 0; life--) {
        this.startLife()
        while (!this.disk.off) this.turn()
        this.cutPower()
      }
    } finally {
      this.end()
    }
    const sum = (of: (logged: Logged) => number): number => this.logged.reduce((n, one) => n + of(one), 0)
    return {
      cuts: this.#cuts,
      rows: sum(({ rows }) => rows.length),
      synced: sum(({ synced }) => synced),
      lost: this.lost,
    }
  }

  /** Puts the disk in. Gives the number of lives that follow. */
  begin(): number {
    this.#cuts = this.random.int(1, 3)
    this.#sim = installSimFs(this.disk, ROOT)
    this.#sim.calls.mkdirSync(RUN_DIR, { recursive: true })
    this.disk.rest()
    return this.#cuts
  }

  end(): void {
    this.#sim?.uninstall()
  }

  /** A new process, with rings of its own. */
  startLife(): void {
    const { random, disk } = this
    disk.cutAt = disk.calls + random.int(1, random.pick([20, 40, 120]))
    disk.faults = {
      failedSync: random.pick([0, 0, 0.1, 0.5]),
      shortWrite: random.pick([0, 0, 0.3]),
      fullDisk: random.pick([0, 0, 0.05]),
      forgetful: random.chance(0.3),
    }
    this.#bursts = random.pick([0, 0, 0.1, 0.3])
    this.#syncs = random.pick([0.1, 0.3, 0.6])
    this.#producers = Array.from({ length: random.int(1, 3) }, () => this.#newProducer())
  }

  /** Some rows, and a turn of the drain's loop; now and then the drain dies. */
  turn(): void {
    const { random } = this
    // More than a block at once: only what is not synced over several blocks can have holes.
    const burst = random.chance(this.#bursts)
    for (let i = burst ? 30 : random.int(1, 5); i > 0; i--)
      this.#log(random.pick(this.#producers), burst ? 'large' : 'small')
    this.#drain()
    // Not where failed syncs take rows out of memory: then nobody has what the dead drain had not synced.
    if (!this.disk.faults.forgetful && random.chance(0.02)) this.#journal = null
  }

  /** The process is gone, and the disk has what it has: it is started again and read. */
  cutPower(): void {
    for (const logged of this.logged) logged.synced = Math.max(logged.synced, logged.counters[F64.SYNCED]!)
    this.#sim!.calls.closeAll()
    this.#journal = null
    this.disk.restart()
    this.#check()
  }

  #newProducer(): Logged {
    const id = this.logged.length
    const ring = createRing({
      producer: id,
      capacityBytes: 1 << 18,
      whenFull: 'drop',
      maxCapacityBytes: 0,
      maxBlockMs: 1,
    })
    const logged = {
      id,
      ring,
      counters: new Float64Array(ring, 0, 256),
      producer: new Producer({ ring, control: new Control(), limits: LIMITS, warn: () => {} }),
      rows: [],
      synced: 0,
      kept: new Set<number>(),
      dropped: 0,
    }
    this.logged.push(logged)
    return logged
  }

  #log({ rows, producer, counters }: Logged, size: 'small' | 'large'): void {
    const random = this.random
    const n = size === 'large' ? 250 : random.int(1, random.chance(0.05) ? 40 : 4)
    const first = size === 'large' ? 0 : random.int(0, 10) + (random.chance(0.1) ? rows.length : 0)
    const names = NAMES.slice(first, first + n)
    const step = this.#steps++
    const before = counters[F64.PUBLISHED]!
    const values: Record<string, number> = {}
    for (const name of names) values[name] = step / 7
    producer.log(values, step)
    if (counters[F64.PUBLISHED]! > before) rows.push({ step, names, value: step / 7 })
  }

  /** One turn of the drain's loop, with what it answers to errors. */
  #drain(): void {
    const producers = this.#producers
    try {
      this.#journal ??= this.#open()
      this.#journal.pass()
      this.position = this.#journal.position
      if (this.random.chance(this.#syncs)) {
        this.#journal.noteDropped()
        this.#journal.sync()
      }
      for (const logged of producers) logged.dropped = logged.counters[DROP['ring-full']]!
    } catch (error) {
      const { code } = error as PowerCut
      if (code === undefined) throw error
      if (!PASSING.has(code)) this.#journal?.abandonSegment()
    }
  }

  #open(): RingJournal {
    const journal = new RingJournal({ directory: JOURNAL, runId: 'power', segmentBytes: this.#segmentBytes })
    for (const { id, ring } of this.#producers) journal.add(new RingReader(ring, journal.nextSequence(id)))
    return journal
  }

  /** What the disk has now is all that was synced, and nothing that was never logged; each row once, in order. */
  #check(): void {
    const reader = new JournalReader(JOURNAL)
    const found = this.logged.map(() => new Set<number>())
    const last = this.logged.map(() => -1)
    for (let batch = reader.read({ maxBytes: 64 * 1024 }); batch !== null; batch = reader.read()) {
      const { names, keys, values, offsets } = batch
      for (let row = 0; row < batch.count; row++) {
        const id: number = batch.producers[row]!
        const sequence: number = batch.sequences[row]!
        const logged = this.logged[id]!
        const expected = logged.rows[sequence]
        if (sequence <= last[id]!) expect.fail(`row ${id}:${sequence} comes after row ${last[id]}`)
        if (expected === undefined) expect.fail(`row ${id}:${sequence} was never logged`)
        last[id] = sequence
        found[id]!.add(sequence)
        const [from, to] = [offsets[row]!, offsets[row + 1]!]
        let same = batch.steps[row] === expected.step && to - from === expected.names.length
        for (let slot = from; same && slot < to; slot++) {
          const name = names[keys[slot]!]!
          same = values[slot] === expected.value
          same &&=
            name === expected.names[slot - from] || (sequence >= logged.synced && name.startsWith('unknown/'))
        }
        if (!same) expect.fail(`row ${id}:${sequence} is not as it was logged`)
      }
    }
    const { place, lost } = reader
    reader.close()
    for (const { id, synced, kept } of this.logged) {
      const there = found[id]!
      for (let sequence = 0; sequence < synced; sequence++) {
        if (!there.has(sequence)) expect.fail(`row ${id}:${sequence} of ${synced} synced ones is not there`)
      }
      for (const sequence of kept) {
        if (!there.has(sequence)) expect.fail(`row ${id}:${sequence} was there after an earlier cut`)
      }
      for (const sequence of there) kept.add(sequence)
    }
    this.found = found
    this.#checkAccount(found, place.next, lost)
  }

  /** Rows that are missing before one that is there are counted as lost, by all who count. */
  #checkAccount(
    found: readonly Set<number>[],
    next: { readonly [producer: string]: number },
    lost: number,
  ): void {
    const missing = found.map((there, id) => (next[id] ?? 0) - there.size)
    expect(lost, 'rows counted as lost').toBe(missing.reduce((sum, n) => sum + n, 0))
    this.lost += lost
    const scan = scanJournal(JOURNAL)
    for (const [id, { rows, missing: ranges, next: end }] of scan.producers) {
      const absent = ranges.reduce((sum, { from, to }) => sum + to - from, 0)
      if (rows !== found[id]!.size || absent !== missing[id] || end !== (next[id] ?? 0)) {
        expect([rows, absent, end]).toEqual([found[id]!.size, missing[id], next[id]])
      }
    }
  }
}
