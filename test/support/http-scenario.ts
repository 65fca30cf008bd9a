import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Cursor, readCursor } from '../../src/delivery/cursor.js'
import { Feed } from '../../src/delivery/feed.js'
import { SinkSession } from '../../src/delivery/session.js'
import type { RecordBatch } from '../../src/record/batch.js'
import { Control } from '../../src/ring/control.js'
import { toSinkError } from '../../src/sinks/errors.js'
import { GuardedSink } from '../../src/sinks/guarded-sink.js'
import type { Sink, SinkContext, WriteResult } from '../../src/sinks/sink.js'
import createHttpSink from '../fixtures/sinks/http.mjs'
import { COMPLETED, sinkContext } from '../unit/support/sink-run.js'
import { HttpDestination } from './http-destination.js'
import type { DeathPoint, Script, Step } from './http-script.js'
import { JournalMaker } from './journal-maker.js'
import { until } from './until.js'

const NAME = 'http'
/** More attempts than any script can explain. */
const MAX_ATTEMPTS = 200

class Death extends Error {}

/** A sink whose thread may die at a point of its `write()`. */
class MortalSink implements Sink {
  readonly #sink: Sink
  readonly #destination: HttpDestination
  dies: DeathPoint | null = null

  constructor(sink: Sink, destination: HttpDestination) {
    this.#sink = sink
    this.#destination = destination
  }

  open: Sink['open'] = (context, state) => this.#sink.open(context, state)
  close: Sink['close'] = (outcome) => this.#sink.close(outcome)

  async write(batch: RecordBatch): Promise<WriteResult> {
    const { dies } = this
    this.dies = null
    if (dies === 'before-send') throw new Death()
    if (dies === 'in-flight') {
      const arrived = new Promise<void>((resolve) => {
        this.#destination.onRequest = resolve
      })
      const writing = this.#sink.write(batch).catch(() => {})
      await Promise.race([arrived, writing])
      throw new Death()
    }
    const result = await this.#sink.write(batch)
    if (dies === 'after-answer') throw new Death()
    return result
  }
}

/** Why an attempt failed: the code and the action of its error. */
export interface Failure {
  readonly action: string
  readonly code: string
}

/** One run that is delivered to the scripted server, in this thread, without waiting for any back-off. */
export class HttpScenario {
  readonly #runDir: string
  readonly #destination: HttpDestination
  readonly #script: Script
  readonly #journal: JournalMaker
  readonly #slot = new Control().sink(0)
  readonly #logged: number[]
  /** Row ids in the journal's order. */
  readonly #rows: string[] = []
  #session: SinkSession | null = null
  #feed: Feed | null = null
  #sink: MortalSink | null = null
  #abort = new AbortController()
  attempts = 0
  readonly failures: Failure[] = []

  constructor(runDir: string, destination: HttpDestination, script: Script) {
    this.#runDir = runDir
    this.#destination = destination
    this.#script = script
    this.#journal = new JournalMaker(runDir, { producers: script.producers })
    this.#logged = new Array<number>(script.producers).fill(0)
    destination.reset()
    destination.refused = new Map(script.refused)
    destination.onStuck = () => this.#abort.abort()
  }

  /** The whole script, then a healthy server until everything is delivered and the run is closed. */
  async run(): Promise<void> {
    const { steps, rows } = this.#script
    try {
      this.#log(rows)
      for (const step of steps) await this.#play(step)
      this.#destination.faults = []
      this.#destination.maxLines = Number.POSITIVE_INFINITY
      const before = this.failures.length
      while (!(await this.#end())) {
        // until nothing is left
      }
      // A connection that died between two requests, a late answer, a rebuild: once each.
      expect(this.failures.length - before).toBeLessThanOrEqual(3)
    } finally {
      await this.#leave()
      this.#journal.close()
    }
  }

  async #play(step: Step): Promise<void> {
    const { maxLines } = this.#destination
    if (step.kind === 'limit') this.#destination.maxLines = step.lines
    if (step.kind === 'request') this.#destination.faults.push(step.fault)
    if (step.kind === 'restart') this.#destination.cut(step.forgotten)
    if (step.kind === 'revoke-key') this.#destination.key = 'another'
    if (step.kind === 'refuse-connections') await this.#destination.stop()
    this.#log(1 + (this.#rows.length % 7))
    if (step.kind === 'death') await this.#die(step.point)
    else await this.#attempt()
    if (step.kind === 'refuse-connections') await this.#destination.start()
    if (step.kind === 'revoke-key') this.#destination.key = HttpDestination.key
    if (maxLines !== Number.POSITIVE_INFINITY) this.#destination.maxLines = Number.POSITIVE_INFINITY
  }

  /** Rows for the producers in turn. */
  #log(count: number): void {
    const each = Math.ceil(count / this.#logged.length)
    for (const [producer, from] of this.#logged.entries()) {
      this.#journal.append(each, from, producer)
      for (let row = from; row < from + each; row++) this.#rows.push(`${producer}:${row}`)
      this.#logged[producer] = from + each
    }
  }

  async #attempt(): Promise<boolean> {
    return this.#try(async (session) => session.deliver(Number.POSITIVE_INFINITY))
  }

  /** Delivers a batch, or closes where there is none. True where it is closed. */
  async #end(): Promise<boolean> {
    if (!(await this.#attempt())) return false
    return this.#try(async (session) => {
      await session.close(COMPLETED)
      return true
    })
  }

  async #try(action: (session: SinkSession) => Promise<boolean>): Promise<boolean> {
    if (++this.attempts > MAX_ATTEMPTS) throw new Error(`no end: ${JSON.stringify(this.failures)}`)
    this.#abort = new AbortController()
    try {
      return await action(await this.#open())
    } catch (error) {
      if (error instanceof Death) {
        await this.#leave()
        return false
      }
      const { action: what, code } = toSinkError(error)
      this.failures.push({ action: what, code })
      // After a rebuild or a pause there is another session; nothing is lost by then.
      if (what === 'rebuild' || what === 'pause') await this.#leave()
      this.#expectIdentities()
      return false
    }
  }

  async #die(point: DeathPoint): Promise<void> {
    if (point !== 'in-commit') {
      await this.#open()
      this.#sink!.dies = point
      await this.#attempt()
      return
    }
    // The temporary file is written, the rename that commits is not made.
    const file = join(this.#runDir, 'cursors', `${NAME}.json`)
    const saved = `${file}.saved`
    if (existsSync(file)) copyFileSync(file, saved)
    await this.#attempt()
    await this.#leave()
    writeFileSync(join(this.#runDir, '.http.json.1-0000000a-0.tmp'), '{"version":1,"si')
    if (existsSync(saved)) renameSync(saved, file)
    else rmSync(file, { force: true })
  }

  async #open(): Promise<SinkSession> {
    if (this.#session !== null) return this.#session
    const context = sinkContext(this.#runDir)
    const withSignal = Object.defineProperty(context, 'signal', { get: () => this.#abort.signal })
    const http = createHttpSink({ url: this.#destination.url })
    this.#sink = new MortalSink(new GuardedSink(NAME, http), this.#destination)
    this.#feed = new Feed(this.#runDir)
    this.#session = new SinkSession(
      this.#runDir,
      NAME,
      this.#sink,
      withSignal as SinkContext,
      this.#feed,
      this.#slot,
    )
    return this.#session
  }

  /** As the end of a thread: nothing of the session is left, but what is committed. */
  async #leave(): Promise<void> {
    await this.#session?.abandon()
    this.#feed?.close()
    this.#session = null
    this.#sink = null
    this.#feed = null
  }

  get cursor(): Cursor {
    return readCursor(this.#runDir, NAME)
  }

  #expectIdentities(): void {
    const { delivered, deadLettered, notApplicable } = this.cursor.counts
    expect(this.#slot.counts).toEqual(this.cursor.counts)
    expect(delivered + deadLettered + notApplicable).toBeLessThanOrEqual(this.#rows.length)
  }

  /** Every row once and in order, the refused ones among the dead letters, and all counts right. */
  async expectExactlyOnce(): Promise<void> {
    const { refused } = this.#script
    const good = this.#rows.filter((row) => !refused.has(row))
    const bad = this.#rows.filter((row) => refused.has(row))
    expect(this.#destination.rows()).toEqual(good)
    expect(this.#destination.completed.at(-1)).toBe('completed')
    expect(this.#deadLetters()).toEqual(bad.map((row) => `${row} HTTP_${refused.get(row)}`))
    const counts = { delivered: good.length, deadLettered: bad.length, notApplicable: 0 }
    expect(this.cursor.counts).toEqual(counts)
    expect({ ...this.#slot.counts }).toEqual(counts)
    expect({ attempts: this.#slot.attempts, lastError: this.#slot.lastError }).toEqual({
      attempts: 0,
      lastError: null,
    })
    await until('all connections are closed', () => this.#destination.connections === 0)
  }

  /**
   * Requests that the attempts explain: one each, one more where a dead destination is tried with a single row
   * first, and what it takes to find a bad row or the size that goes through.
   */
  expectBoundedRequests(): void {
    const { steps, refused } = this.#script
    const rows = this.#rows.length
    const search = 2 * Math.ceil(Math.log2(rows + 1)) + 4
    const limited = steps.some(({ kind }) => kind === 'limit') ? 2 * rows : 0
    const slow = this.failures.filter(({ code }) => code === 'TIMEOUT').length
    const most = this.attempts * (2 + refused.size * search) + slow * search + limited
    expect(this.#destination.requests).toBeLessThanOrEqual(most)
    // Nothing is sent again from the start, but where the server has lost something; a death in the commit of
    // that decision lets it be taken again.
    const losses = steps.filter((step) => step.kind === 'restart' && step.forgotten > 0).length
    const undone = steps.filter((step) => step.kind === 'death' && step.point === 'in-commit').length
    const rebuilds = this.failures.filter(({ action }) => action === 'rebuild').length
    expect(rebuilds).toBeLessThanOrEqual(losses === 0 ? 0 : losses + undone)
    // Each failure has its step; the end of the script may add three.
    expect(this.failures.length).toBeLessThanOrEqual(2 * steps.length + 3)
  }

  #deadLetters(): string[] {
    const file = join(this.#runDir, 'dead-letter', `${NAME}.jsonl`)
    if (!existsSync(file)) return []
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => {
      const { producer, sequence, cause, reason } = JSON.parse(line)
      expect(reason).toMatch(/^the server answered 4\d\d: /)
      return `${producer}:${sequence} ${cause}`
    })
  }
}
