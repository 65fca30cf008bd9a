import fs from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { isSuspect, readCursor } from '../../../src/delivery/cursor.js'
import { Feed } from '../../../src/delivery/feed.js'
import { SinkSession } from '../../../src/delivery/session.js'
import { SinkError } from '../../../src/sinks/errors.js'
import { loadSink } from '../../../src/sinks/registry.js'
import type { SinkContext } from '../../../src/sinks/sink.js'
import { csvRows, type FoundRow, jsonlRows } from '../../support/run-files.js'
import { readEvents } from '../../unit/support/event-files.js'
import { PowerCase, RUN_DIR } from './power-case.js'

const SINKS = ['jsonl', 'csv', 'tensorboard', 'summary'] as const
type SinkName = (typeof SINKS)[number]

const directoryOf = (producer: number): string => `p${producer}`

/** Sinks that are fed on a disk that loses power again and again, and what each must hold afterwards. */
export class PowerSinks {
  readonly #case: PowerCase
  readonly #names: readonly SinkName[]
  /** The machine was started again. */
  readonly #onRestart: () => void
  #feed = new Feed(RUN_DIR)
  #sessions = new Map<SinkName, SinkSession>()
  delivered = 0

  constructor(seed: number, onRestart: () => void) {
    this.#case = new PowerCase(seed)
    this.#onRestart = onRestart
    const first = seed % SINKS.length
    this.#names = seed % 3 === 0 ? SINKS : [SINKS[first]!]
  }

  async run(): Promise<number> {
    try {
      for (let life = this.#case.begin(); life > 0; life--) {
        this.#case.startLife()
        await this.#live()
        this.#case.cutPower()
        this.#onRestart()
        this.#forget()
        for (const name of this.#names) await this.#catchUp(name, life === 1)
        for (const name of this.#names) this.#check(name, life === 1)
        this.#forget()
      }
    } finally {
      this.#case.end()
    }
    return this.delivered
  }

  /** The process that had the sessions is gone. */
  #forget(): void {
    this.#sessions.clear()
    this.#feed = new Feed(RUN_DIR)
  }

  async #live(): Promise<void> {
    const { disk, random } = this.#case
    while (!disk.off) {
      this.#case.turn()
      if (!random.chance(0.5)) continue
      try {
        await (await this.#session(random.pick(this.#names))).deliver(this.#case.position)
      } catch (error) {
        // What a full disk or a power cut did to a sink is what the next session must mend.
        if ((error as NodeJS.ErrnoException).code === undefined) throw error
      }
    }
  }

  async #session(name: SinkName): Promise<SinkSession> {
    let session = this.#sessions.get(name)
    if (session === undefined) {
      const sink = await loadSink({ name, module: null, export: '', options: {} })
      const context: SinkContext = {
        runId: 'run',
        project: 'power',
        runName: 'run',
        runDir: RUN_DIR,
        startTime: 0,
        options: {},
        producerName: directoryOf,
        warn: () => {},
        live: true,
        get suspect() {
          return isSuspect(readCursor(RUN_DIR, name))
        },
        signal: new AbortController().signal,
      }
      session = new SinkSession(RUN_DIR, name, sink, context, this.#feed, null)
      this.#sessions.set(name, session)
    }
    return session
  }

  /** From the cursor to the end, on a disk that works. */
  async #catchUp(name: SinkName, last: boolean): Promise<void> {
    let rebuilt = 0
    for (;;) {
      try {
        const session = await this.#session(name)
        if (!(await session.deliver(Number.POSITIVE_INFINITY))) continue
        if (last || this.#case.random.chance(0.5)) {
          await session.close({ status: last ? 'crashed' : 'running', endTime: 1 })
        }
        return
      } catch (error) {
        if (!(error instanceof SinkError) || error.action !== 'rebuild' || rebuilt++ > 2) throw error
      }
    }
  }

  #check(name: SinkName, closed: boolean): void {
    if (this.#case.found.every(({ size }) => size === 0)) return
    if (name === 'jsonl') this.#checkRows(name, jsonlRows(RUN_DIR))
    else if (name === 'csv') this.#checkRows(name, csvRows(RUN_DIR))
    else if (name === 'tensorboard') this.#checkRows(name, this.#tensorboardRows())
    else if (closed) this.#checkSummary()
  }

  /**
   * Every row that the journal has, once and in order. A sink may also have rows that the journal lost: they were
   * delivered before they were synced.
   */
  #checkRows(name: SinkName, rows: readonly FoundRow[]): void {
    const { logged, found } = this.#case
    const last = logged.map(() => -1)
    const seen = logged.map(() => new Set<number>())
    for (const { producer, sequence, step, values } of rows) {
      const expected = logged[producer]?.rows[sequence]
      if (expected === undefined)
        expect.fail(`${name} has row ${producer}:${sequence}, which was never logged`)
      if (sequence <= last[producer]!)
        expect.fail(`${name} has row ${producer}:${sequence} after ${last[producer]}`)
      last[producer] = sequence
      seen[producer]!.add(sequence)
      const found = Object.entries(values)
      const right = found.every(([, value]) => Math.fround(value) === Math.fround(expected.value))
      if (!right || step !== expected.step || found.length !== expected.names.length) {
        expect({ name, row: `${producer}:${sequence}`, step, values }).toEqual(expected)
      }
    }
    for (const [producer, rowsThere] of found.entries()) {
      for (const sequence of rowsThere) {
        if (!seen[producer]!.has(sequence)) expect.fail(`${name} lacks row ${producer}:${sequence}`)
      }
    }
    this.delivered += rows.length
  }

  /** Event files have steps, which count up over all producers: each names its row. */
  #tensorboardRows(): FoundRow[] {
    const root = join(RUN_DIR, 'tensorboard')
    const rows: FoundRow[] = []
    for (const { id: producer, rows: logged } of this.#case.logged) {
      const directory = producer === 0 ? root : join(root, directoryOf(producer))
      if (!fs.existsSync(directory)) continue
      const byStep = new Map(logged.map(({ step }, sequence) => [step, sequence]))
      for (const { step, scalars } of readEvents(directory).flat()) {
        if (scalars.length === 0) continue
        const values = Object.fromEntries(scalars.map(({ tag, value }) => [tag, value]))
        rows.push({ producer, sequence: byStep.get(Number(step)) ?? -1, step: Number(step), values })
      }
    }
    return rows
  }

  #checkSummary(): void {
    const { logged, found } = this.#case
    const { rows } = JSON.parse(fs.readFileSync(join(RUN_DIR, 'summary.json'), 'utf8'))
    const there = found.reduce((sum, { size }) => sum + size, 0)
    const ever = logged.reduce((sum, one) => sum + one.rows.length, 0)
    expect(rows, 'rows in the summary').toBeGreaterThanOrEqual(there)
    expect(rows, 'rows in the summary').toBeLessThanOrEqual(ever)
    this.delivered += rows
  }
}
