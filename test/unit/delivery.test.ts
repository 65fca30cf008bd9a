import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { init, type Run } from '../../dist/src/index.js'
import { recoverRun } from '../../dist/src/runs.js'
import { backoffMs, DEFAULT_BACKOFF } from '../../src/delivery/backoff.js'
import { readCursor } from '../../src/delivery/cursor.js'
import { Feed } from '../../src/delivery/feed.js'
import { SinkSession } from '../../src/delivery/session.js'
import type { RecordBatch } from '../../src/record/batch.js'
import { Control } from '../../src/ring/control.js'
import { SinkError } from '../../src/sinks/errors.js'
import type { RejectedRow, Sink, SinkContext, SinkState, WriteResult } from '../../src/sinks/sink.js'
import { temporaryDirectory } from '../support/directory.js'
import { JournalMaker } from '../support/journal-maker.js'
import { seededRandom } from '../support/random.js'
import { expectDelivered, runFile, tensorboardPoints } from '../support/run-files.js'
import { until } from '../support/until.js'
import { COMPLETED, sinkContext } from './support/sink-run.js'

const END = Number.POSITIVE_INFINITY

/**
 * A destination that is a real file with one line per row, cut at open() to what was committed, as the contract
 * asks. `before` and `after` may throw, before and after the batch is in the file.
 */
class LineSink implements Sink {
  readonly path: string
  readonly batches: number[] = []
  readonly openedWith: (SinkState | null)[] = []
  before: (batch: RecordBatch) => void | Promise<void> = () => {}
  after: (batch: RecordBatch) => RejectedRow[] | undefined = () => undefined

  constructor(runDir: string, name = 'lines') {
    this.path = join(runDir, `${name}.txt`)
  }

  async open(_context: SinkContext, state: SinkState | null): Promise<void> {
    this.openedWith.push(state)
    if (state === null) writeFileSync(this.path, '')
    else truncateSync(this.path, state.bytes as number)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    await this.before(batch)
    this.batches.push(batch.count)
    const rows = Array.from({ length: batch.count }, (_, row) => row)
    const rejected = this.after(batch) ?? []
    const kept = rows.filter((row) => !rejected.some((bad) => bad.row === row))
    appendFileSync(
      this.path,
      kept.map((row) => `${batch.producers[row]}:${batch.values[batch.offsets[row]!]}\n`).join(''),
    )
    return { state: { bytes: readFileSync(this.path).length }, rejected }
  }

  async close(): Promise<void> {}

  lines(): string[] {
    return readFileSync(this.path, 'utf8').split('\n').slice(0, -1)
  }
}

const expectedLines = (count: number, producer = 0): string[] =>
  Array.from({ length: count }, (_, row) => `${producer}:${row}`)

/** A journal of `rows` rows and a way to begin sessions on it, as a thread that died and was replaced would. */
function delivery(rows = 100, name = 'lines') {
  const runDir = temporaryDirectory()
  const journal = new JournalMaker(runDir)
  journal.append(rows)
  const warnings: string[] = []
  const context = sinkContext(runDir, { warn: (kind) => warnings.push(kind) })
  const sink = new LineSink(runDir, name)
  const slot = new Control().sink(0)
  const session = (feed = new Feed(runDir)) => new SinkSession(runDir, name, sink, context, feed, slot)
  const cursorFile = join(runDir, 'cursors', `${name}.json`)
  return {
    runDir,
    journal,
    warnings,
    sink,
    slot,
    session,
    cursorFile,
    cursor: () => readCursor(runDir, name),
  }
}

async function deliverAll(session: SinkSession): Promise<void> {
  while (!(await session.deliver(END))) {
    // one batch a call
  }
}

describe('back-off', () => {
  test('is a whole number between 0 and the cap, for any number of attempts', () => {
    const random = seededRandom(1)
    for (let attempts = 0; attempts < 100_000; attempts++) {
      const ms = backoffMs(attempts, 0, DEFAULT_BACKOFF, random)
      if (!(Number.isInteger(ms) && ms >= 0 && ms <= DEFAULT_BACKOFF.maxMs))
        expect({ attempts, ms }).toBeNull()
    }
    expect(backoffMs(Number.MAX_SAFE_INTEGER)).toBeLessThanOrEqual(DEFAULT_BACKOFF.maxMs)
    expect(backoffMs(Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(DEFAULT_BACKOFF.maxMs)
  })

  test('doubles its ceiling until the cap', () => {
    const ceilings = Array.from({ length: 12 }, (_, attempts) =>
      backoffMs(attempts, 0, DEFAULT_BACKOFF, () => 1),
    )
    expect(ceilings).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000,
    ])
  })

  test('is spread over its whole range', () => {
    const random = seededRandom(2)
    const delays = Array.from({ length: 10_000 }, () => backoffMs(20, 0, DEFAULT_BACKOFF, random))
    for (let tenth = 0; tenth < 10; tenth++) {
      const inTenth = delays.filter((ms) => Math.floor((ms - 1) / 6000) === tenth).length
      expect(inTenth).toBeGreaterThan(800)
      expect(inTenth).toBeLessThan(1200)
    }
  })

  test('is never shorter than the server asked for', () => {
    expect(backoffMs(0, 90_000)).toBe(90_000)
    expect(backoffMs(50, 5, DEFAULT_BACKOFF, () => 1)).toBe(60_000)
  })
})

describe('what a session does about an error', () => {
  test.for([
    new SinkError('retry', 'DOWN', 'down', { retryAfterMs: 100 }),
    new SinkError('retry', 'DOWN', 'down'),
    new Error('a bug'),
  ])('%s: the same batch comes again, and counts once', async (error) => {
    const { sink, session, slot, cursor } = delivery()
    let failures = 3
    sink.before = () => {
      if (failures-- > 0) throw error
    }
    const one = session()
    for (let attempt = 1; attempt <= 3; attempt++) {
      await expect(one.deliver(END)).rejects.toBe(error)
      expect(one.attempts).toBe(attempt)
      expect({ attempts: slot.attempts, lastError: slot.lastError }).toEqual({
        attempts: attempt,
        lastError: error.message,
      })
    }
    await deliverAll(one)
    expect(sink.lines()).toEqual(expectedLines(100))
    expect(cursor()).toMatchObject({ attempts: 0, lastError: null, counts: { delivered: 100 } })
    expect(slot).toMatchObject({ attempts: 0, lastError: null })
  })

  test('split: batches shrink until they are taken, down to single rows, and grow again', async () => {
    const { sink, session, cursor } = delivery()
    let limit = 1
    sink.before = ({ count }) => {
      if (count > limit) throw new SinkError('split', 'TOO_LARGE', 'too large')
    }
    sink.after = () => {
      if (sink.batches.length === 10) limit = 1000
      return undefined
    }
    await deliverAll(session())
    expect(sink.batches.slice(0, 10)).toEqual(Array(10).fill(1))
    expect(sink.batches.at(-1)).toBeGreaterThan(1)
    expect(sink.lines()).toEqual(expectedLines(100))
    expect(cursor().counts).toEqual({ delivered: 100, deadLettered: 0, notApplicable: 0 })
  })

  test('split of a single row: it is too large for ever, and goes to the dead letters', async () => {
    const { sink, session, runDir } = delivery(10)
    sink.before = (batch) => {
      const values = Array.from({ length: batch.count }, (_, row) => batch.values[batch.offsets[row]!])
      if (values.includes(4)) throw new SinkError('split', 'TOO_LARGE', 'too large')
    }
    await deliverAll(session())
    expect(sink.lines()).toEqual(expectedLines(10).filter((line) => line !== '0:4'))
    expect(deadLetters(runDir)).toMatchObject([
      { cause: 'TOO_LARGE', sequence: 4, step: 4, values: { value: 4 } },
    ])
  })

  test('reject: exactly the bad rows go to the dead-letter file, with the reason; all others are delivered', async () => {
    const bad = new Set([0, 13, 14, 57, 99])
    const { sink, session, runDir, cursor } = delivery()
    sink.before = (batch) => {
      for (let row = 0; row < batch.count; row++) {
        const value = batch.values[batch.offsets[row]!]!
        if (bad.has(value)) throw new SinkError('reject', 'BAD_ROW', `the server does not like ${value}`)
      }
    }
    await deliverAll(session())
    expect(sink.lines()).toEqual(expectedLines(100).filter((line) => !bad.has(Number(line.slice(2)))))
    expect(deadLetters(runDir)).toEqual(
      [...bad].map((value) => ({
        cause: 'BAD_ROW',
        reason: `the server does not like ${value}`,
        step: value,
        time: expect.any(Number),
        producer: 0,
        sequence: value,
        values: { value },
      })),
    )
    expect(cursor().counts).toEqual({ delivered: 95, deadLettered: 5, notApplicable: 0 })
  })

  test('rows that the sink itself names as rejected are dead letters too', async () => {
    const { sink, session, runDir, cursor } = delivery()
    sink.after = (batch) => (batch.count > 2 ? [{ row: 2, cause: 'OLD', reason: 'too old' }] : undefined)
    await deliverAll(session())
    expect(deadLetters(runDir)).toMatchObject([{ cause: 'OLD', reason: 'too old', sequence: 2 }])
    expect(cursor().counts).toEqual({ delivered: 99, deadLettered: 1, notApplicable: 0 })
  })

  test('a first row that is rejected does not give the sink a state that it never returned', async () => {
    const { sink, session } = delivery(2)
    sink.before = (batch) => {
      if (batch.count > 1) throw new SinkError('split', 'TOO_LARGE', 'one at a time')
      if (batch.values[0] === 0) throw new SinkError('reject', 'BAD_ROW', 'bad')
      throw new Error('the thread dies here')
    }
    await expect(session().deliver(END)).rejects.toThrow('the thread dies here')
    sink.before = () => {}
    await deliverAll(session())
    expect(sink.openedWith).toEqual([null, null])
    expect(sink.lines()).toEqual(['0:1'])
  })

  test('pause: nothing moves, and nothing is lost when a person has acted', async () => {
    const { sink, session, cursor } = delivery()
    sink.before = () => {
      throw new SinkError('pause', 'CREDENTIALS', 'unknown key')
    }
    await expect(session().deliver(END)).rejects.toMatchObject({ action: 'pause' })
    expect(cursor().counts.delivered).toBe(0)
    sink.before = () => {}
    await deliverAll(session())
    expect(sink.lines()).toEqual(expectedLines(100))
  })

  test('rebuild: the sink starts again from the first record, and its counts with it', async () => {
    const { sink, session, journal, cursor } = delivery()
    const one = session()
    await deliverAll(one)
    journal.append(50, 100)
    rmSync(sink.path)
    sink.before = () => {
      if (!existsSync(sink.path)) throw new SinkError('rebuild', 'GONE', 'somebody removed the file')
    }
    await expect(one.deliver(END)).rejects.toMatchObject({ action: 'rebuild' })
    expect(cursor()).toMatchObject({ counts: { delivered: 0 }, state: null, attempts: 1 })
    await deliverAll(one)
    expect(sink.lines()).toEqual(expectedLines(150))
    expect(cursor().counts.delivered).toBe(150)
  })
})

/** Descriptors of this process for files below a directory. */
function openBelow(directory: string): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        return ''
      }
    })
    .filter((file) => file.startsWith(directory))
}

function deadLetters(runDir: string): unknown[] {
  const text = readFileSync(join(runDir, 'dead-letter', 'lines.jsonl'), 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

describe('exactly once', () => {
  test('a crash between the write and the commit: the batch comes again, over what the crash left', async () => {
    const { sink, session, journal, cursorFile } = delivery()
    await deliverAll(session())
    for (let crash = 1; crash <= 5; crash++) {
      copyFileSync(cursorFile, `${cursorFile}.before`)
      journal.append(10, 90 + crash * 10)
      await deliverAll(session())
      // The thread died just before the rename that commits.
      renameSync(`${cursorFile}.before`, cursorFile)
    }
    await deliverAll(session())
    expect(sink.openedWith.at(-1)).toEqual({ bytes: expectedLines(100).join('\n').length + 1 })
    expect(sink.lines()).toEqual(expectedLines(150))
  })

  test('a crash between the dead letter and the commit leaves each dead letter once', async () => {
    const { sink, session, cursorFile, runDir, journal } = delivery(10)
    await deliverAll(session())
    copyFileSync(cursorFile, `${cursorFile}.before`)
    journal.append(10, 10)
    sink.after = ({ count }) =>
      Array.from({ length: count }, (_, row) => ({ row, cause: 'BAD', reason: 'bad' }))
    await deliverAll(session())
    renameSync(`${cursorFile}.before`, cursorFile)
    // The next attempt has less to say than the one that the crash left behind.
    sink.after = () => [{ row: 0, cause: 'BAD', reason: 'bad' }]
    await deliverAll(session())
    expect(deadLetters(runDir)).toMatchObject([{ sequence: 10 }])
    expect(sink.lines()).toEqual(expectedLines(20).filter((line) => line !== '0:10'))
  })

  test('a commit that fails: the same session writes the batch once all the same', async () => {
    const { sink, session, journal, cursorFile, cursor } = delivery()
    const one = session()
    await deliverAll(one)
    journal.append(50, 100)
    const cursors = join(cursorFile, '..')
    renameSync(cursors, `${cursors}-away`)
    writeFileSync(cursors, 'a file where the directory was: no cursor can be written')
    for (let attempt = 0; attempt < 3; attempt++) await expect(one.deliver(END)).rejects.toThrow()
    rmSync(cursors)
    renameSync(`${cursors}-away`, cursors)
    await deliverAll(one)
    expect(sink.lines()).toEqual(expectedLines(150))
    expect(cursor().counts.delivered).toBe(150)
  })

  test('a commit whose directory was removed makes it again', async () => {
    const { sink, session, journal, cursorFile } = delivery()
    const one = session()
    await deliverAll(one)
    rmSync(join(cursorFile, '..'), { recursive: true })
    journal.append(50, 100)
    await deliverAll(one)
    expect(sink.lines()).toEqual(expectedLines(150))
    expect(existsSync(cursorFile)).toBe(true)
  })

  test.for([
    '',
    '{',
    'null',
    '[]',
    '42',
    '{"version":1}',
    '{"version":2,"place":{"position":2147483648,"next":{}}}',
    '{"version":1,"sink":"lines","place":{"position":2147500000}}',
    '{"version":1,"sink":"lines","place":{"position":2147500000,"next":{}}}',
    '\u0000'.repeat(512),
  ])('a cursor that is damaged (%j) begins from the first record', async (text) => {
    const { sink, session, cursorFile } = delivery()
    await deliverAll(session())
    writeFileSync(cursorFile, text)
    await deliverAll(session())
    expect(sink.lines()).toEqual(expectedLines(100))
  })

  test('a cursor half-way in a batch goes on with the next row', async () => {
    const { sink, session, cursor } = delivery()
    sink.before = ({ count }) => {
      if (count > 8) throw new SinkError('split', 'TOO_LARGE', 'too large')
      if (sink.batches.length === 5) throw new Error('the thread dies here')
    }
    await expect(session().deliver(END)).rejects.toThrow('the thread dies here')
    const { delivered } = cursor().counts
    expect(delivered).toBe(sink.batches.reduce((sum, count) => sum + count, 0))
    expect(delivered).toBeLessThan(100)
    sink.before = () => {}
    await deliverAll(session())
    expect(sink.lines()).toEqual(expectedLines(100))
  })

  test('random deaths, splits and failures of many sessions leave every row once (200 seeds)', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = seededRandom(seed)
      let rows = 1 + Math.floor(random() * 40)
      const { sink, session, journal, cursorFile } = delivery(rows)
      let one = session()
      for (let turn = 0; turn < 12; turn++) {
        const dice = random()
        sink.before = ({ count }) => {
          if (dice < 0.2 && count > 1) throw new SinkError('split', 'TOO_LARGE', 'too large')
          if (dice >= 0.2 && dice < 0.4) throw new Error('before')
        }
        sink.after = () => {
          if (dice >= 0.4 && dice < 0.5) throw new Error('after, and before the file')
          return undefined
        }
        const saved = existsSync(cursorFile) ? readFileSync(cursorFile) : null
        await one.deliver(END).catch(() => {})
        if (random() < 0.3) {
          if (random() < 0.5 && saved !== null) writeFileSync(cursorFile, saved)
          one = session()
        }
        if (random() < 0.3) {
          journal.append(10, rows)
          rows += 10
        }
      }
      sink.before = () => {}
      sink.after = () => undefined
      await deliverAll(session())
      const lines = sink.lines()
      expect({ seed, lines }).toEqual({ seed, lines: expectedLines(rows) })
    }
  })
})

describe('sinks that read one journal', () => {
  test('two sinks at the same place share the decoded batch', async () => {
    const { runDir, journal } = delivery()
    const end = journal.append(1, 100)
    const feed = new Feed(runDir)
    const seen: RecordBatch[] = []
    for (const name of ['a', 'b']) {
      const sink = new LineSink(runDir, name)
      sink.before = (batch) => void seen.push(batch)
      await new SinkSession(runDir, name, sink, sinkContext(runDir), feed, null).deliver(end)
      expect(sink.lines()).toEqual(expectedLines(101))
    }
    expect(seen).toHaveLength(2)
    expect(seen[0]).toBe(seen[1])
  })

  test('more sinks at places of their own than a feed holds readers: each gets every row, in order', async () => {
    const runDir = temporaryDirectory()
    const journal = new JournalMaker(runDir, { producers: 2 })
    const feed = new Feed(runDir)
    const sinks = Array.from({ length: 7 }, (_, number) => new LineSink(runDir, `sink-${number}`))
    const sessions = sinks.map(
      (sink, n) => new SinkSession(runDir, `sink-${n}`, sink, sinkContext(runDir), feed, null),
    )
    const random = seededRandom(3)
    for (let from = 0; from < 4000; from += 100) {
      journal.append(100, from, 0)
      journal.append(100, from, 1)
      // One falls behind from the first row on.
      for (const [n, session] of sessions.entries()) if (n > 0 && random() < 0.4) await session.deliver(END)
    }
    for (const session of sessions) await deliverAll(session)
    for (const sink of sinks) {
      const lines = sink.lines()
      expect(lines.filter((line) => line.startsWith('0'))).toEqual(expectedLines(4000, 0))
      expect(lines.filter((line) => line.startsWith('1'))).toEqual(expectedLines(4000, 1))
    }
  })

  test('rows that a damaged block of the journal has lost are counted, and the rest is delivered', async () => {
    const { runDir, journal, session, sink, cursor, warnings } = delivery(5000)
    journal.close()
    const file = join(runDir, 'journal', '000001.log')
    const bytes = readFileSync(file)
    bytes.fill(0xa5, 2 * 32_768 + 100, 2 * 32_768 + 300)
    writeFileSync(file, bytes)
    await deliverAll(session())
    const lines = sink.lines()
    const { delivered, deadLettered, notApplicable } = cursor().counts
    expect(delivered).toBe(lines.length)
    expect(deadLettered).toBeGreaterThan(0)
    expect(delivered + deadLettered + notApplicable).toBe(5000)
    expect(new Set(lines).size).toBe(lines.length)
    expect(lines.at(-1)).toBe('0:4999')
    expect(warnings).toContain('journal-damage')
  })

  test('a session that is closed has told its sink so', async () => {
    const { session, sink } = delivery()
    let outcome: unknown
    sink.close = async (given?: unknown) => {
      outcome = given
    }
    const one = session()
    await deliverAll(one)
    await one.close(COMPLETED)
    expect(outcome).toEqual(COMPLETED)
  })
})

describe('a live run with one sink that does not work', { timeout: 30_000 }, () => {
  const misbehaving = (mode: string, more: object = {}) => ({
    module: new URL('../fixtures/sinks/misbehaving.mjs', import.meta.url),
    name: 'bad',
    mode,
    ...more,
  })
  const startRun = (mode: string, more: object = {}): Run =>
    init({
      dir: temporaryDirectory(),
      git: false,
      handleSignals: false,
      sinks: ['jsonl', 'csv', 'tensorboard', misbehaving(mode, more)],
    })

  test.for([
    'fail',
    'fail-later',
    'bug',
    'null',
    'hang',
    'block',
    'pause',
    'rebuild',
    'exit',
    'throw-outside',
  ])('%s: the others get everything at once, and finish() keeps its deadline', async (mode) => {
    const run = startRun(mode)
    for (let step = 0; step < 1000; step++) run.log({ value: step }, step)
    await until('the other sinks have everything', () => {
      const { bad: _, ...good } = run.status().sinks
      return Object.values(good).every(({ delivered }) => delivered === 1000)
    })
    await until(
      'the bad sink was tried',
      () => !['idle', 'closed'].includes(run.status().sinks.bad!.state) || mode === 'throw-outside',
    )
    const timeoutMs = 1500
    const result = await run.finish({ timeoutMs })
    expect(result.elapsedMs).toBeLessThan(timeoutMs + 800)
    const { bad, ...good } = result.sinks
    for (const { delivered, pending, state } of Object.values(good)) {
      expect({ delivered, pending, state }).toEqual({ delivered: 1000, pending: 0, state: 'closed' })
    }
    expect(bad!.delivered + bad!.pending).toBe(1000)
    if (mode !== 'throw-outside')
      expect(result).toMatchObject({ reached: false, sinks: { bad: { pending: 1000 } } })
    expect(runFile(run.dir).status).toBe('completed')
    expectDelivered(run.dir)
  })

  test.for(['close-hangs', 'close-fails'])(
    '%s: finish() keeps its deadline, and the run is complete',
    async (mode) => {
      const run = startRun(mode)
      for (let step = 0; step < 100; step++) run.log({ value: step }, step)
      const result = await run.finish({ timeoutMs: 1500 })
      expect(result.elapsedMs).toBeLessThan(2300)
      expect(result.sinks.bad).toMatchObject({ delivered: 100, pending: 0 })
      expectDelivered(run.dir)
    },
  )

  test('a write that never ends loses its thread after its time-out, is tried again, and says why', async () => {
    const run = startRun('hang', { timeoutMs: 100 })
    for (let step = 0; step < 100; step++) run.log({ value: step }, step)
    await until('it was tried twice', () => run.status().sinks.bad!.attempts >= 2)
    expect(run.status().sinks.bad!.lastError).toContain('no answer within 100 ms')
    await run.finish({ timeoutMs: 500 })
  })

  test('a paused sink goes on by itself once a person has acted, and finish() asks it once more', async () => {
    const dir = temporaryDirectory()
    const [gate, out] = [join(dir, 'gate'), join(dir, 'out')]
    const sink = { module: new URL('../fixtures/sinks/gated.mjs', import.meta.url), name: 'gated' }
    const start = () =>
      init({ dir, git: false, handleSignals: false, sinks: [{ ...sink, gate, out, action: 'pause' }] })
    const run = start()
    run.log({ value: 1 }, 1)
    await until('it is paused', () => run.status().sinks.gated!.state === 'paused')
    writeFileSync(gate, '')
    await until('it has the record', () => run.status().sinks.gated!.delivered === 1)
    await run.finish()
    rmSync(gate)
    const second = start()
    second.log({ value: 1 }, 1)
    await until('it is paused', () => second.status().sinks.gated!.state === 'paused')
    writeFileSync(gate, '')
    expect(await second.finish()).toMatchObject({ reached: true })
  })

  test('a sink that cannot be loaded is paused, and says why', async () => {
    const sinks = [{ module: new URL('../fixtures/sinks/missing.mjs', import.meta.url), name: 'bad' }]
    const run = init({ dir: temporaryDirectory(), git: false, handleSignals: false, sinks })
    run.log({ value: 0 }, 0)
    await until('it is paused', () => run.status().sinks.bad!.state === 'paused')
    expect(run.status().sinks.bad!.lastError).toContain('missing.mjs')
    expect(await run.finish({ timeoutMs: 5000 })).toMatchObject({ reached: false })
  })

  test('a slow sink does not make the others begin anew: one event file for one run', async () => {
    const run = startRun('slow')
    for (let step = 0; step < 300; step++) {
      run.log({ value: step }, step)
      if (step % 20 === 0) await run.flush({ level: 'delivered' })
    }
    await run.finish()
    expect(readdirSync(join(run.dir, 'tensorboard'))).toHaveLength(1)
    expect(tensorboardPoints(run.dir)['']).toHaveLength(300)
  })
})

describe('recovery', () => {
  test('of many runs in one process leaves no file open', { timeout: 30_000 }, async () => {
    const recoverOne = async () => {
      const run = init({ dir: temporaryDirectory(), git: false, handleSignals: false })
      run.log({ value: 0 }, 0)
      await run.finish()
      rmSync(join(run.dir, 'cursors'), { recursive: true })
      expect(await recoverRun(run.dir)).toMatchObject({ journaled: 1, failed: {} })
      await until('the threads of the run have ended', () => openBelow(run.dir).length === 0)
    }
    for (let round = 0; round < 3; round++) await recoverOne()
  })

  test('gives up a sink that fails, says so, and brings the others to the end', async () => {
    const run = init({
      dir: temporaryDirectory(),
      git: false,
      handleSignals: false,
      sinks: ['jsonl', 'csv', 'tensorboard'],
    })
    for (let step = 0; step < 100; step++) run.log({ value: step }, step)
    await run.finish()
    rmSync(join(run.dir, 'cursors'), { recursive: true })
    rmSync(join(run.dir, 'metrics.csv'))
    mkdirSync(join(run.dir, 'metrics.csv'))
    expect(await recoverRun(run.dir)).toMatchObject({ journaled: 100, failed: { csv: { action: 'retry' } } })
    rmSync(join(run.dir, 'metrics.csv'), { recursive: true })
    expect(await recoverRun(run.dir)).toMatchObject({ journaled: 100, failed: {} })
    expectDelivered(run.dir)
  })
})
