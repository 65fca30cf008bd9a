import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Cursor, readCursor } from '../../src/delivery/cursor.js'
import { Feed } from '../../src/delivery/feed.js'
import { SinkSession } from '../../src/delivery/session.js'
import type { RecordBatch } from '../../src/record/batch.js'
import { Control } from '../../src/ring/control.js'
import { toSinkError } from '../../src/sinks/errors.js'
import type { Sink, SinkContext, WriteResult } from '../../src/sinks/sink.js'
import { Pace } from '../../src/sinks/wandb/online/http/pace.js'
import { createSink } from '../../src/sinks/wandb/sink.js'
import { COMPLETED, sinkContext } from '../unit/support/sink-run.js'
import type { DeathPoint } from './http-script.js'
import { type Call, CallMaker } from './wandb-calls.js'
import { expectAtServer } from './wandb-expect.js'
import { CallJournal } from './wandb-journal.js'
import { isRefused, WandbOracle } from './wandb-oracle.js'
import type { WandbScript, WandbStep } from './wandb-script.js'
import { parseLine } from './wandb-server/extended-json.js'
import { TEST_KEY, type WandbServer } from './wandb-server/server.js'

const NAME = 'wandb'
/** More attempts than any script can explain. */
const MAX_ATTEMPTS = 300

class Death extends Error {}

/** A sink whose thread may die at a point of its `write()`. */
class MortalSink implements Sink {
  readonly #sink: Sink
  readonly #server: WandbServer
  dies: DeathPoint | null = null

  constructor(sink: Sink, server: WandbServer) {
    this.#sink = sink
    this.#server = server
  }

  open: Sink['open'] = (context, state) => this.#sink.open(context, state)
  close: Sink['close'] = (outcome) => this.#sink.close(outcome)

  async write(batch: RecordBatch): Promise<WriteResult> {
    const { dies } = this
    this.dies = null
    if (dies === 'before-send') throw new Death()
    if (dies === 'in-flight') {
      const arrived = new Promise<void>((resolve) => {
        this.#server.onRequest = () => resolve()
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

/** One run that is delivered to the scripted server, in this thread, without waiting for back-offs or the pace. */
export class WandbScenario {
  readonly #runDir: string
  readonly #runId: string
  readonly #server: WandbServer
  readonly #script: WandbScript
  readonly #journal: CallJournal
  readonly #maker: CallMaker
  readonly #slot = new Control().sink(0)
  readonly #calls: Call[] = []
  readonly #told: string[] = []
  #session: SinkSession | null = null
  #feed: Feed | null = null
  #sink: MortalSink | null = null
  #abort = new AbortController()
  attempts = 0
  readonly failures: string[] = []

  /** `random`: makes the calls. */
  constructor(runDir: string, runId: string, server: WandbServer, script: WandbScript, random: () => number) {
    this.#runDir = runDir
    this.#runId = runId
    this.#server = server
    this.#script = script
    this.#journal = new CallJournal(runDir)
    this.#maker = new CallMaker(random)
    server.requests.length = 0
    server.onStuck = () => this.#abort.abort()
    server.onRequest = () => {}
    server.refuses = (line) => isRefused(line, script.refused)
  }

  /** The whole script, then a healthy server until everything is delivered and the run is closed. */
  async run(): Promise<void> {
    const { steps, calls, logged } = this.#script
    try {
      this.#log(calls, 0)
      for (const [index, step] of steps.entries()) await this.#play(step, logged[index]!)
      this.#server.script([])
      while (!(await this.#end())) {
        // until nothing is left
      }
    } finally {
      await this.#leave()
      this.#journal.close()
    }
  }

  async #play(step: WandbStep, { count, back }: { count: number; back: number }): Promise<void> {
    if (step.kind === 'limit') this.#server.maxBodyBytes = step.bytes
    if (step.kind === 'request') this.#server.script([step.fault])
    if (step.kind === 'revoke-key') this.#server.keys = new Set(['another'])
    if (step.kind === 'outage') await this.#server.stop()
    this.#log(count, back)
    if (step.kind === 'death') await this.#die(step.point)
    else if (step.kind !== 'outage') await this.#attempt()
    else for (let attempt = 0; attempt < step.attempts; attempt++) await this.#attempt()
    if (step.kind === 'outage') await this.#server.start()
    this.#server.keys = new Set([TEST_KEY])
    this.#server.maxBodyBytes = Number.POSITIVE_INFINITY
  }

  #log(count: number, back: number): void {
    const calls = this.#maker.calls(count, back)
    this.#journal.append(calls)
    this.#calls.push(...calls)
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
    this.#server.cutStuck()
    try {
      return await action(this.#open())
    } catch (error) {
      if (error instanceof Death) {
        await this.#leave()
        return false
      }
      const { action: what, code, message } = toSinkError(error)
      // A bug must not pass for a server's fault.
      if (!(error instanceof Error && 'action' in error)) throw error
      this.failures.push(`${what} ${code}`)
      this.#told.push(message)
      return false
    }
  }

  async #die(point: DeathPoint): Promise<void> {
    if (point !== 'in-commit') {
      this.#open()
      this.#sink!.dies = point
      await this.#attempt()
      this.#server.onRequest = () => {}
      await this.#leave()
      return
    }
    const file = join(this.#runDir, 'cursors', `${NAME}.json`)
    const saved = `${file}.saved`
    if (existsSync(file)) copyFileSync(file, saved)
    await this.#attempt()
    await this.#leave()
    if (existsSync(saved)) renameSync(saved, file)
    else rmSync(file, { force: true })
  }

  #open(): SinkSession {
    if (this.#session !== null) return this.#session
    const context = sinkContext(this.#runDir, {
      runId: this.#runId,
      options: { baseUrl: this.#server.url, apiKey: TEST_KEY },
      warn: (_kind, message) => this.#told.push(message),
    })
    // In half of the scenarios the summary goes out with each batch.
    const refreshMs = this.#script.calls % 2 === 0 ? { refreshMs: 0 } : {}
    const setup = { env: {}, pace: new Pace({ windowMs: 0 }), ...refreshMs }
    const withSignal = Object.defineProperty(context, 'signal', { get: () => this.#abort.signal })
    this.#sink = new MortalSink(createSink(setup), this.#server)
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

  get #cursor(): Cursor {
    return readCursor(this.#runDir, NAME)
  }

  /** Everything once and in order, the refused lines kept, all counts right. */
  expectExactlyOnce(): void {
    const oracle = new WandbOracle(this.#calls, this.#script.refused)
    const run = this.#server.run(this.#runId)
    const undisturbed = this.failures.length === 0 && this.#script.steps.every(({ kind }) => kind !== 'death')
    expectAtServer(run, oracle, { undisturbed })
    this.#expectRefusedAreKept(oracle)
    const { delivered, deadLettered, notApplicable } = this.#cursor.counts
    expect(delivered + deadLettered + notApplicable).toBe(this.#calls.length)
  }

  #expectRefusedAreKept({ refused }: WandbOracle): void {
    // Empty where a dead letter was taken back: the row's line was refused in another batch after a crash.
    const letters = this.#files('dead-letter').flatMap((text) => text.split('\n').slice(0, -1))
    const dead = letters.map((letter) => JSON.parse(letter).values?.value as number | undefined)
    const kept = this.#files('wandb/refused').map((text) => parseLine(JSON.parse(text).line).value)
    const found = [...dead, ...kept].filter((value) => value !== undefined)
    for (const { values } of refused) expect(found).toContain(values.get('value'))
    const rows = refused.flatMap((line) => line.rows)
    for (const value of found) expect(rows).toContain(value)
    expect(this.#cursor.counts.deadLettered).toBe(dead.length)
  }

  expectNoSecrets(): void {
    const texts = [...this.#told, ...this.#files('cursors'), ...this.#files('dead-letter')]
    const encoded = Buffer.from(`api:${TEST_KEY}`).toString('base64')
    expect(texts.filter((text) => text.includes(TEST_KEY) || text.includes(encoded))).toEqual([])
  }

  #files(folder: string): string[] {
    const directory = join(this.#runDir, folder)
    if (!existsSync(directory)) return []
    return readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'))
  }
}
