import { randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Cursor, commitCursor, firstCursor, readCursor } from '../delivery/cursor.js'
import type { ResolvedSink, SinkOption } from '../options/options.js'
import { resolveOptions } from '../options/validate.js'
import { type SinkError, toSinkError } from '../sinks/errors.js'
import { rowsOf } from './journal.js'
import { makeRun, startTime } from './make-run.js'
import { type OpenedSession, openSession, type SessionSetup } from './session.js'
import { type JournalRow, type Place, type SinkTarget, SinkTestError } from './types.js'

const END = Number.POSITIVE_INFINITY
/** The same in every place, so that what is written of it can be compared. */
const END_TIME = startTime + 60_000
/** So often in a row the engine may fail before the kit calls it stuck. */
const MAX_FAILURES = 20

/** One run, one destination, and the sink that brings the one to the other. */
export class Stage {
  readonly target: SinkTarget
  readonly place: Place
  readonly sink: ResolvedSink
  #opened: OpenedSession | null = null
  /** Sessions that nobody has closed: what they hold open is let go when all is over. */
  readonly #crashed: OpenedSession[] = []

  private constructor(target: SinkTarget, place: Place) {
    this.target = target
    this.place = place
    const { sink } = target
    this.sink = resolved(typeof sink === 'function' ? sink(place) : sink)
  }

  /** `like`: a stage whose run is delivered here too, to a destination of its own. */
  static async make(
    target: SinkTarget,
    { rows, like }: { rows?: number; like?: Stage } = {},
  ): Promise<Stage> {
    const directory = mkdtempSync(path.join(tmpdir(), 'offstep-sink-test-'))
    const runDir = path.join(directory, 'run')
    if (like === undefined) makeRun(runDir, rows)
    else {
      mkdirSync(runDir)
      const { runDir: from } = like.place
      for (const name of ['run.json', 'journal', 'media'].filter((part) =>
        existsSync(path.join(from, part)),
      )) {
        cpSync(path.join(from, name), path.join(runDir, name), { recursive: true })
      }
    }
    const own = path.join(directory, 'destination')
    mkdirSync(own)
    const place = { id: `sink_test_${randomUUID().slice(0, 8)}`, directory: own, runDir }
    await target.prepare?.(place)
    return new Stage(target, place)
  }

  get rows(): JournalRow[] {
    return rowsOf(this.place.runDir)
  }

  get cursor(): Cursor {
    return readCursor(this.place.runDir, this.sink.name)
  }

  async open(setup: SessionSetup = {}): Promise<void> {
    if (this.#opened !== null) this.crash()
    this.#opened = await openSession(this.place.runDir, this.sink, setup)
  }

  /** One batch at least. True where there is no more. Throws what the sink throws. */
  deliver(): Promise<boolean> {
    return this.#opened!.session.deliver(END)
  }

  /** Everything that is left, as the engine does it: again after an error that passes, from the start for a rebuild. */
  async deliverAll(setup: SessionSetup = {}): Promise<void> {
    await this.open(setup)
    for (let failures = 0; ; ) {
      try {
        if (await this.deliver()) return
        failures = 0
      } catch (thrown) {
        failures = await this.#goOn(toSinkError(thrown), failures + 1, setup)
      }
    }
  }

  async #goOn(error: SinkError, failures: number, setup: SessionSetup): Promise<number> {
    if (failures > MAX_FAILURES) {
      throw new SinkTestError(`the sink fails ${failures} times in a row: ${error.code}: ${error.message}`, {
        cause: error,
      })
    }
    if (error.action === 'rebuild') await this.open(setup)
    return failures
  }

  /** The thread is gone, and nobody has closed the sink. */
  crash(): void {
    if (this.#opened === null) return
    this.#opened.session.giveUp()
    this.#crashed.push(this.#opened)
    this.#opened = null
  }

  /** The cursor is gone: the sink begins with the first record, and the destination has what it had. */
  forget(): void {
    commitCursor(this.place.runDir, firstCursor(this.sink.name))
  }

  /** The end of this session only, or of the run. */
  async close(status: 'running' | 'completed' = 'completed'): Promise<void> {
    if (this.#opened === null) await this.open()
    const { session, feed } = this.#opened!
    this.#opened = null
    try {
      await session.close({ status, endTime: END_TIME })
    } finally {
      feed.close()
    }
  }

  async remove(): Promise<void> {
    this.crash()
    for (const { session, feed } of this.#crashed) {
      await session.abandon()
      feed.close()
    }
    await this.target.cleanUp?.(this.place)
    rmSync(path.dirname(this.place.runDir), { recursive: true, force: true })
  }
}

/** As `init()` does it; the sink that always runs is none of its options. */
function resolved(option: SinkOption | 'summary'): ResolvedSink {
  if (option === 'summary') return { name: option, module: null, export: 'default', options: {} }
  return resolveOptions({ sinks: [option], mode: 'online' }).sinks[0]!
}

/** Runs `action` on a stage that is removed afterwards. */
export async function onStage<T>(
  target: SinkTarget,
  action: (stage: Stage) => Promise<T>,
  from: { rows?: number; like?: Stage } = {},
): Promise<T> {
  const stage = await Stage.make(target, from)
  try {
    return await action(stage)
  } finally {
    await stage.remove()
  }
}
