import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Cursor, readCursor } from '../../../src/delivery/cursor.js'
import { Feed } from '../../../src/delivery/feed.js'
import { SinkSession } from '../../../src/delivery/session.js'
import { addRewind } from '../../../src/journal/rewinds.js'
import { MEDIA_PRODUCER, type MediaRecord } from '../../../src/record/media.js'
import { toSinkError } from '../../../src/sinks/errors.js'
import type { RunOutcome, Sink } from '../../../src/sinks/sink.js'
import { Pace } from '../../../src/sinks/wandb/online/http/pace.js'
import { createSink } from '../../../src/sinks/wandb/sink.js'
import { createSink as createUploadSink } from '../../../src/sinks/wandb/upload/sink.js'
import type { Call } from '../../support/wandb-calls.js'
import { CallJournal } from '../../support/wandb-journal.js'
import { TEST_KEY, type WandbServer } from '../../support/wandb-server/server.js'
import type { StoredRun } from '../../support/wandb-server/stored-run.js'
import { runDirectory, sinkContext } from './sink-run.js'

/** What stays when a run is rewound: what happened, and belongs to no step. */
const LASTING: readonly MediaRecord['kind'][] = ['config', 'metric', 'alert', 'console', 'file', 'resume']

export interface RewoundRunOptions {
  readonly options?: object
  readonly sink?: 'wandb' | 'wandb-upload'
}

/** A run in a journal of its own, which is delivered in this thread, killed, and resumed from earlier steps. */
export class RewoundRun {
  readonly runDir = runDirectory()
  readonly runId: string
  readonly told: string[] = []
  readonly #server: WandbServer
  readonly #options: object
  readonly #name: 'wandb' | 'wandb-upload'
  readonly #journal: CallJournal
  readonly #next = new Map<number, number>()
  #calls: Call[] = []
  #attempts = 0
  #open: { readonly session: SinkSession; readonly feed: Feed } | null = null

  constructor(server: WandbServer, runId: string, { options = {}, sink = 'wandb' }: RewoundRunOptions = {}) {
    this.#server = server
    this.runId = runId
    this.#options = options
    this.#name = sink
    this.#journal = new CallJournal(this.runDir)
    onTestFinished(async () => {
      await this.leave()
      this.#journal.close()
    })
  }

  /** Calls that count. */
  get calls(): readonly Call[] {
    return this.#calls
  }

  get journaled(): number {
    return [...this.#next.values()].reduce((sum, next) => sum + next, 0)
  }

  get stored(): StoredRun {
    return this.#server.run(this.runId)
  }

  get cursor(): Cursor {
    return readCursor(this.runDir, this.#name)
  }

  log(...calls: readonly Call[]): void {
    this.#journal.append(calls)
    this.#calls.push(...calls)
    for (const call of calls) {
      const producer = call.kind === 'row' ? call.producer : MEDIA_PRODUCER
      this.#next.set(producer, (this.#next.get(producer) ?? 0) + 1)
    }
  }

  /** What `resume()` does; `noted: false`: the process dies before its record of that is journaled. */
  resume(rewoundTo: number | 'start' | null, time: number, { noted = true } = {}): void {
    if (rewoundTo !== null) {
      const before = Object.fromEntries(this.#next)
      addRewind(join(this.runDir, 'journal'), { step: rewoundTo, before, time })
      const counts = (call: Call) =>
        (rewoundTo !== 'start' && call.step <= rewoundTo) ||
        (call.kind === 'record' && LASTING.includes(call.record.kind))
      this.#calls = this.#calls.filter(counts)
    }
    const value = { attempt: ++this.#attempts, rewoundTo }
    const record = { kind: 'resume', name: 'resume', producer: 0, value } as MediaRecord
    if (noted) this.log({ kind: 'record', step: 0, time, record })
  }

  /** All that there is; throws what the sink throws, but where it begins again. */
  async deliver(): Promise<void> {
    for (;;) {
      try {
        if (await this.#session().deliver(Number.POSITIVE_INFINITY)) return
      } catch (error) {
        if (toSinkError(error).action !== 'rebuild') throw error
        await this.leave()
      }
    }
  }

  /** Delivers, and dies before the cursor is committed. */
  async deliverInVain(): Promise<void> {
    const file = join(this.runDir, 'cursors', `${this.#name}.json`)
    if (existsSync(file)) copyFileSync(file, `${file}.saved`)
    await this.deliver()
    await this.leave()
    if (existsSync(`${file}.saved`)) renameSync(`${file}.saved`, file)
    else rmSync(file, { force: true })
  }

  async close(outcome: RunOutcome): Promise<void> {
    await this.#session().close(outcome)
    await this.leave()
  }

  /** As the end of a thread: nothing of the session is left, but what is committed. */
  async leave(): Promise<void> {
    await this.#open?.session.abandon()
    this.#open?.feed.close()
    this.#open = null
  }

  #session(): SinkSession {
    if (this.#open !== null) return this.#open.session
    const context = sinkContext(this.runDir, {
      runId: this.runId,
      options: { baseUrl: this.#server.url, apiKey: TEST_KEY, ...this.#options },
      warn: (_kind, message) => this.told.push(message),
    })
    const setup = { env: {}, pace: new Pace({ windowMs: 0 }) }
    const sink: Sink = this.#name === 'wandb' ? createSink(setup) : createUploadSink(setup)
    const feed = new Feed(this.runDir)
    this.#open = { session: new SinkSession(this.runDir, this.#name, sink, context, feed, null), feed }
    return this.#open.session
  }
}
