/** What dead processes left behind is completed by the next ones, without anybody's help and exactly once. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { findRuns, RunAliveError, recoverRun } from '../../dist/src/runs.js'
import { readLock } from '../../dist/src/store/run-lock.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { countPerProducer, expectDelivered, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'

const ROWS = 3000
const GATED = pathToFileURL(join(import.meta.dirname, '../fixtures/sinks/gated.mjs')).href

const runDirOf = (dir: string, id: string) => join(dir, 'default', id)
const logOf = (runDir: string) => readFileSync(join(runDir, 'training.log'), 'utf8')
const isDelivered = (runDir: string) => runFile(runDir).delivered === true

/** A run whose process is killed when all rows are in the journal. */
async function deadRun(dir: string, id: string, rows = ROWS, options: object = {}): Promise<string> {
  const program = startProgram('recovery/dies.mjs', { dir, args: [id, rows, JSON.stringify(options)] })
  await program.waitFor('journaled')
  program.kill('SIGKILL')
  await program.ended
  return runDirOf(dir, id)
}

/** Rows that the gated sink has, each once and in order; who brought them, and with which key. */
function gatedRows(out: string): { rows: number; by: string[] } {
  const ids = readFileSync(out, 'utf8').split('\n').slice(0, -1)
  const rows = ids.map((id) => id.split(':').map(Number))
  const counts = countPerProducer(
    rows.map(([producer, sequence]) => ({ producer: producer!, sequence: sequence!, step: 0, values: {} })),
  )
  const by = readFileSync(`${out}.by`, 'utf8').split('\n').slice(0, -1)
  return { rows: counts[0] ?? 0, by: [...new Set(by)] }
}

describe('the next init() in the same directory', () => {
  test('completes every run that died, tells of it, and leaves the living alone', async () => {
    const dir = temporaryDirectory()
    const alive = startProgram('recovery/dies.mjs', { dir, args: ['alive', ROWS] })
    await alive.waitFor('journaled')
    const dead = [await deadRun(dir, 'a'), await deadRun(dir, 'b'), await deadRun(dir, 'c', 1)]
    const run = init({ dir, id: 'next', git: false })
    for (const runDir of dead) await until('it is complete', () => isDelivered(runDir))
    await run.finish()
    for (const [index, rows] of [ROWS, ROWS, 1].entries()) {
      const runDir = dead[index]!
      expect(expectDelivered(runDir)).toHaveLength(rows)
      expect(runFile(runDir)).toMatchObject({
        status: 'crashed',
        records: { accepted: rows, journaled: rows, dropped: 0 },
      })
      expect(logOf(run.dir)).toContain(`Completed the earlier run ${runFile(runDir).id} (crashed)`)
      expect(readLock(runDir).state).toBe('free')
    }
    expect(runFile(runDirOf(dir, 'alive')).status).toBe('running')
  })

  test('accounts for the rows that the dead run had to drop', async () => {
    const dir = temporaryDirectory()
    // The loop never pauses, and the ring holds some thousand rows.
    const options = { ring: { capacityBytes: 65_536, maxCapacityBytes: 65_536 } }
    const program = startProgram('recovery/dies.mjs', { dir, args: ['a', 200_000, JSON.stringify(options)] })
    await program.waitFor('journaled')
    const { accepted, dropped } = JSON.parse(program.stdout.split('\n')[0]!)
    program.kill('SIGKILL')
    await program.ended
    expect(dropped.total).toBeGreaterThan(0)
    const report = await recoverRun(runDirOf(dir, 'a'))
    expect(report).toMatchObject({ dropped: dropped.total, journaled: accepted - dropped.total })
    expect(runFile(report.dir).records).toEqual({
      accepted,
      dropped: dropped.total,
      journaled: report.journaled,
    })
  })

  test('delivers what a finish() could not deliver in its time', async () => {
    const dir = temporaryDirectory()
    const [gate, out] = [join(dir, 'gate'), join(dir, 'out')]
    const sinks = [{ module: GATED, name: 'gated', gate, out }]
    const first = init({ dir, id: 'first', git: false, recover: false, sinks })
    for (let step = 0; step < ROWS; step++) first.log({ value: step }, step)
    const { reached, sinks: counts } = await first.finish({ timeoutMs: 1000 })
    expect(reached).toBe(false)
    expect(counts.gated).toMatchObject({ delivered: 0, pending: ROWS })
    expect(runFile(first.dir).status).toBe('completed')
    expect(isDelivered(first.dir)).toBe(false)
    writeFileSync(gate, '')
    const run = init({ dir, id: 'next', git: false })
    await until('it is complete', () => isDelivered(first.dir))
    await run.finish()
    expect(gatedRows(out).rows).toBe(ROWS)
    expect(runFile(first.dir).status).toBe('completed')
  })

  test('leaves earlier runs alone with recover: false', async () => {
    const dir = temporaryDirectory()
    const runDir = await deadRun(dir, 'a')
    const run = init({ dir, id: 'next', git: false, recover: false })
    run.log({ value: 1 }, 1)
    await run.flush({ level: 'delivered' })
    await run.finish()
    expect(runFile(runDir).status).toBe('running')
    expect(findRuns(dir).map(({ id, delivered, alive }) => ({ id, delivered, alive }))).toEqual([
      { id: 'a', delivered: false, alive: false },
      { id: 'next', delivered: true, alive: false },
    ])
  })

  test('a run that ends meanwhile hands back what it had begun, though its process lives on', async () => {
    const dir = temporaryDirectory()
    const [gate, out] = [join(dir, 'gate'), join(dir, 'out')]
    const sinks = [{ module: GATED, name: 'gated', gate, out }]
    const runDir = await deadRun(dir, 'a', ROWS, { sinks })
    const run = init({ dir, id: 'next', git: false })
    await until('it is being recovered', () => readLock(runDir).owner?.role === 'recovery')
    await run.finish()
    expect(readLock(runDir).state).toBe('free')
    writeFileSync(gate, '')
    expect((await recoverRun(runDir)).complete).toBe(true)
    expect(gatedRows(out).rows).toBe(ROWS)
  })
})

describe('several processes', () => {
  test('complete each run once between them, however many of them die at it', {
    timeout: 90_000,
  }, async () => {
    const dir = temporaryDirectory()
    const out = join(dir, 'out')
    const gate = join(dir, 'gate')
    writeFileSync(gate, '')
    const sinks = ['jsonl', 'csv', 'tensorboard', { module: GATED, name: 'gated', gate, out }]
    const runDir = await deadRun(dir, 'a', 60_000, { sinks })
    for (let i = 0; i < 4; i++) {
      const program = startProgram('recovery/next.mjs', { dir, args: [`next-${i}`] })
      await until('somebody is at it', () => readLock(runDir).state === 'alive' || isDelivered(runDir))
      if (isDelivered(runDir)) break
      if (i < 3 && readLock(runDir).owner?.pid === program.pid) program.kill('SIGKILL')
    }
    await until('it is complete', () => isDelivered(runDir), { timeoutMs: 60_000 })
    expect(expectDelivered(runDir)).toHaveLength(60_000)
    expect(gatedRows(out).rows).toBe(60_000)
    expect(runFile(runDir).status).toBe('crashed')
  })

  test('recoverRun() is refused while another is at it, and its owner is named', async () => {
    const dir = temporaryDirectory()
    const sinks = [{ module: GATED, name: 'gated', gate: join(dir, 'gate'), out: join(dir, 'out') }]
    const runDir = await deadRun(dir, 'a', ROWS, { sinks })
    const stop = new AbortController()
    const first = recoverRun(runDir, { retries: Number.POSITIVE_INFINITY, signal: stop.signal })
    const second = recoverRun(runDir)
    await expect(second).rejects.toThrow(RunAliveError)
    await expect(second).rejects.toThrow(`pid ${process.pid}`)
    stop.abort()
    expect((await first).complete).toBe(false)
  })
})

describe('finish({ detach: true })', () => {
  /** Waits until an agent has the run; it is ended, where it has not by itself, when the test is over. */
  async function agentOf(runDir: string): Promise<number> {
    await until('the agent is at it', () => readLock(runDir).owner?.role === 'agent')
    const { pid } = readLock(runDir).owner!
    onTestFinished(() => {
      if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL')
    })
    return pid
  }

  test('leaves at once; a process of its own delivers the rest, with the secrets, and ends', async () => {
    const dir = temporaryDirectory()
    const [gate, out] = [join(dir, 'gate'), join(dir, 'out')]
    const sinks = ['jsonl', 'csv', 'tensorboard', { module: GATED, name: 'gated', gate, out, key: 's3cret' }]
    const program = startProgram('recovery/detach.mjs', { dir, args: [JSON.stringify({ sinks }), ROWS] })
    await program.waitFor('finished')
    expect(await program.ended).toMatchObject({ code: 0 })
    const told = JSON.parse(program.stdout.split('\n')[0]!)
    expect(told).toMatchObject({ reached: false, journaled: ROWS, inRing: 0, pending: ROWS })
    const runDir = runDirOf(dir, 'child')
    expect(runFile(runDir)).toMatchObject({ status: 'completed', delivered: false })
    expect(readFileSync(join(runDir, 'run.json'), 'utf8')).not.toContain('s3cret')
    const agent = await agentOf(runDir)
    expect(readFileSync(`/proc/${agent}/cmdline`, 'utf8')).not.toContain('s3cret')
    writeFileSync(gate, '')
    await until('it is complete', () => isDelivered(runDir))
    await until('the agent has ended', () => !existsSync(`/proc/${agent}`))
    expect(gatedRows(out)).toEqual({ rows: ROWS, by: [`${agent} s3cret`] })
    expect(expectDelivered(runDir)).toHaveLength(ROWS)
    expect(runFile(runDir).status).toBe('completed')
    expect(logOf(runDir)).toContain('everything is delivered')
  })

  test('needs no other process where nothing is left', async () => {
    const run = init({ dir: temporaryDirectory(), id: 'child', git: false, recover: false })
    run.log({ value: 1 }, 1)
    await run.flush({ level: 'delivered' })
    await until('the sinks rest', () =>
      Object.values(run.status().sinks).every(({ state }) => state === 'idle'),
    )
    const { reached } = await run.finish({ detach: true })
    expect(reached).toBe(true)
    expect(runFile(run.dir).delivered).toBe(true)
    expect(readLock(run.dir).owner!.role).toBe('run')
  })

  test('an agent that is killed is followed by the next run', async () => {
    const dir = temporaryDirectory()
    const [gate, out] = [join(dir, 'gate'), join(dir, 'out')]
    const sinks = [{ module: GATED, name: 'gated', gate, out }]
    const program = startProgram('recovery/detach.mjs', { dir, args: [JSON.stringify({ sinks }), ROWS] })
    await program.ended
    const runDir = runDirOf(dir, 'child')
    process.kill(await agentOf(runDir), 'SIGKILL')
    await until('it is dead', () => readLock(runDir).state === 'free')
    writeFileSync(gate, '')
    const run = init({ dir, id: 'next', git: false })
    await until('it is complete', () => isDelivered(runDir))
    await run.finish()
    expect(gatedRows(out).rows).toBe(ROWS)
  })
})
