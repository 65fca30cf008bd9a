/**
 * What is left of a run when its process ends, whichever way: each way in a child process, `OFFSTEP_EXIT_REPEAT`
 * times (default once). The table of src/run/exit.ts is the expectation.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { recoverRun } from '../../dist/src/runs.js'
import { readLock } from '../../dist/src/store/run-lock.js'
import { CAN_MOUNT, smallDisk, temporaryDirectory } from '../support/directory.js'
import { type Program, type ProgramOptions, startProgram } from '../support/program.js'
import { countFromEnv } from '../support/random.js'
import { expectDelivered, expectJournal, journalRows, readJson, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'

const EXIT_TIMEOUT_MS = 2000
const LEAVES_WITHIN_MS = EXIT_TIMEOUT_MS + 1500
const REPEAT = countFromEnv('OFFSTEP_EXIT_REPEAT', 1)

function exiting(fixture: string, options: Partial<ProgramOptions> = {}): Program & { runDir: string } {
  const dir = options.dir ?? temporaryDirectory()
  const program = startProgram(`exit/${fixture}.mjs`, { ...options, dir })
  return Object.assign(program, { runDir: join(dir, 'default', 'child') })
}

/** run.json and summary.json are complete and agree; every sink holds every record. */
function expectComplete(runDir: string, rows: number, status: string): void {
  expectJournal(runDir, rows)
  const { records, heartbeat } = { ...runFile(runDir), heartbeat: readLock(runDir).state !== 'free' }
  expect(runFile(runDir).status).toBe(status)
  expect(runFile(runDir).endTime).not.toBeNull()
  expect(records).toEqual({ accepted: rows, journaled: rows, dropped: 0 })
  expect(heartbeat).toBe(false)
  expectDelivered(runDir)
}

function expectLeftInTime(program: Program, from = 'ending'): void {
  expect(program.msFrom(from)).toBeLessThan(LEAVES_WITHIN_MS)
}

describe('every way to end a process leaves a complete run', { repeats: REPEAT - 1, timeout: 30_000 }, () => {
  test.for([0, 3])('process.exit(%i)', async (code) => {
    const program = exiting('process-exit', { args: [code, 500] })
    expect(await program.ended).toEqual({ code, signal: null })
    expectComplete(program.runDir, 500, code === 0 ? 'completed' : 'failed')
    expect(runFile(program.runDir).exitCode).toBe(code)
    expectLeftInTime(program)
  })

  test('nothing left to do, without finish()', async () => {
    const program = exiting('natural-end')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectComplete(program.runDir, 500, 'completed')
    expect(runFile(program.runDir).exitCode).toBe(0)
    expectLeftInTime(program)
  })

  test('nothing left to do, with process.exitCode set', async () => {
    const program = exiting('natural-end', { args: [4] })
    expect(await program.ended).toEqual({ code: 4, signal: null })
    expectComplete(program.runDir, 500, 'failed')
    expect(runFile(program.runDir).exitCode).toBe(4)
    expectLeftInTime(program)
  })

  test('a top-level await that never settles', async () => {
    const program = exiting('unsettled-await')
    expect(await program.ended).toEqual({ code: 13, signal: null })
    expectJournal(program.runDir, 500)
    expectDelivered(program.runDir)
    expect(runFile(program.runDir)).toMatchObject({ status: 'failed', exitCode: 13 })
    expectLeftInTime(program)
  })

  test.for(['exception', 'rejection'])('an uncaught %s', async (how) => {
    const program = exiting('uncaught', { args: ['error', how] })
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expectComplete(program.runDir, 500, 'failed')
    const { exitCode, error } = runFile(program.runDir)
    expect(exitCode).toBe(1)
    expect(error).toMatchObject({ name: 'RangeError', message: 'the loss is not finite' })
    expect(error!.stack).toContain('uncaught.mjs')
    expect(program.stderr).toContain('RangeError: the loss is not finite')
    expectLeftInTime(program)
  })

  test.for(['string', 'bare'])('a thrown value that is no Error: %s', async (thrown) => {
    const program = exiting('uncaught', { args: [thrown] })
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expectComplete(program.runDir, 500, 'failed')
    expect(runFile(program.runDir).error).toMatchObject({ name: 'Error' })
    expectLeftInTime(program)
  })

  test('an exception that the application itself handles, and goes on', async () => {
    const program = exiting('own-handler')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectComplete(program.runDir, 500, 'completed')
    expect(runFile(program.runDir).error).toBeUndefined()
    expectLeftInTime(program)
  })

  test('an exception inside "await using"', async () => {
    const program = exiting('dispose')
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expectJournal(program.runDir, 500)
    expect(runFile(program.runDir)).toMatchObject({
      status: 'failed',
      exitCode: 1,
      error: { message: 'thrown in the body' },
    })
    expectLeftInTime(program)
  })

  test('an exception inside withRun() that the caller catches', async () => {
    const program = exiting('with-run')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectComplete(program.runDir, 500, 'failed')
    expect(runFile(program.runDir).error).toMatchObject({ name: 'Error', message: 'thrown in the body' })
    expectLeftInTime(program)
  })

  test('process.exit() right after init()', async () => {
    const program = exiting('process-exit', { args: [0, 1] })
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectComplete(program.runDir, 1, 'completed')
    expectLeftInTime(program)
  })

  test('process.exit() with 200,000 records in the ring', async () => {
    const program = exiting('process-exit', { args: [0, 200_000] })
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.stdout).toContain('accepted 200000')
    expectJournal(program.runDir, 200_000)
    expect(runFile(program.runDir).status).toBe('completed')
    expectLeftInTime(program)
    expect(await recoverRun(program.runDir)).toMatchObject({ journaled: 200_000, failed: {} })
  })

  test('a program that never turned its event loop', async () => {
    const program = exiting('synchronous')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectComplete(program.runDir, 500, 'completed')
    expectLeftInTime(program)
  })

  test.for(['natural', 'exit'])('a run of a worker thread that ends (%s)', async (how) => {
    const program = exiting('in-thread', { args: [how] })
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectComplete(program.runDir, 500, how === 'exit' ? 'failed' : 'completed')
    expect(runFile(program.runDir).exitCode).toBe(how === 'exit' ? 3 : 0)
    expectLeftInTime(program)
  })

  test('a run that an --import preload began', async () => {
    const preload = join(import.meta.dirname, '../fixtures/exit/preload.mjs')
    const program = exiting('preloaded', { execArgv: ['--import', preload] })
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectComplete(program.runDir, 500, 'completed')
    expectLeftInTime(program)
  })

  test('a run that a preload in NODE_OPTIONS began starts no run in the threads of the tracker', async () => {
    const preload = join(import.meta.dirname, '../fixtures/exit/preload.mjs')
    const program = exiting('preloaded', { env: { NODE_OPTIONS: `--import ${preload}` } })
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectComplete(program.runDir, 500, 'completed')
    expect(readdirSync(join(program.runDir, '..'))).toEqual(['child'])
  })

  test('a disabled run leaves nothing, and starts no thread', async () => {
    const dir = temporaryDirectory()
    const idle = exiting('disabled', { dir })
    expect(await idle.ended).toEqual({ code: 7, signal: null })
    expect(readdirSync(dir)).toEqual([])
    expect(idle.msFrom('ending')).toBeLessThan(1000)
  })
})

describe('signals', { repeats: REPEAT - 1, timeout: 30_000 }, () => {
  test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends the process by that signal, and the run as killed',
    async (signal) => {
      const program = exiting('signal')
      await program.waitFor('ready')
      program.kill(signal)
      expect(await program.ended).toEqual({ code: null, signal })
      expectComplete(program.runDir, 500, 'killed')
      expectLeftInTime(program, signal)
    },
  )

  test.for([
    ['own', 5],
    ['own-at-once', 6],
  ] as const)(
    'the application has a handler of its own (%s): it decides the exit code',
    async ([handler, code]) => {
      const program = exiting('signal', { args: [handler] })
      await program.waitFor('ready')
      program.kill('SIGTERM')
      expect(await program.ended).toEqual({ code, signal: null })
      expectComplete(program.runDir, 500, 'killed')
      expectLeftInTime(program, 'SIGTERM')
    },
  )

  test('a second SIGINT ends a process whose sink hangs at once, and the run is still marked killed', async () => {
    const program = exiting('signal', { args: ['hang'], env: { EXIT_TIMEOUT_MS: '20000' } })
    await program.waitFor('ready')
    program.kill('SIGINT')
    // The first one closes the ring and journals it; the hung sink then keeps the process.
    await untilJournaled(program.runDir, 500)
    program.kill('SIGINT')
    expect(await program.ended).toEqual({ code: null, signal: 'SIGINT' })
    expectJournal(program.runDir, 500)
    expect(runFile(program.runDir).status).toBe('killed')
    expectLeftInTime(program, 'SIGINT')
  })

  test('a signal keeps its deadline where a sink hangs', async () => {
    const program = exiting('signal', { args: ['hang'] })
    await program.waitFor('ready')
    program.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: null, signal: 'SIGTERM' })
    expectJournal(program.runDir, 500)
    expect(runFile(program.runDir).status).toBe('killed')
    expectLeftInTime(program, 'SIGTERM')
  })

  test('a signal keeps its deadline where a finish() with a longer one is under way', async () => {
    const program = exiting('signal', { args: ['finishing-hang'] })
    await program.waitFor('ready')
    program.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: null, signal: 'SIGTERM' })
    expectJournal(program.runDir, 500)
    expectLeftInTime(program, 'SIGTERM')
  })

  test('a program that never turns its event loop is ended by the signal itself, and its run can be recovered', async () => {
    const program = exiting('synchronous', { args: ['forever'] })
    await program.waitFor('ending')
    await untilJournaled(program.runDir, 500)
    program.kill('SIGINT')
    expect(await program.ended).toEqual({ code: null, signal: 'SIGINT' })
    expect(program.msFrom('SIGINT')).toBeLessThan(1000)
    expect(runFile(program.runDir).status).toBe('running')
    expect(await recoverRun(program.runDir)).toMatchObject({ status: 'crashed', journaled: 500, failed: {} })
    expectDelivered(program.runDir)
  })
})

describe('an exit while something is broken', { repeats: REPEAT - 1, timeout: 30_000 }, () => {
  test.for(['at once', 'later'])('the thread of the tracker is dead (%s)', async (when) => {
    const program = exiting('worker-dead', { args: [when] })
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectJournal(program.runDir, 500)
    expect(runFile(program.runDir)).toMatchObject({ status: 'completed', exitCode: 0 })
    expectLeftInTime(program)
    expect(await recoverRun(program.runDir)).toMatchObject({ journaled: 500, failed: {} })
    expectDelivered(program.runDir)
  })

  test.for(['exit', 'natural', 'finish'])(
    'a sink hangs (%s): it keeps what it lacks for later',
    async (how) => {
      const program = exiting('hung-sink', { args: [how] })
      const timely = how === 'exit' || how === 'finish'
      if (!timely) {
        await program.waitFor('ending')
        // finish() has 30 s; the run is complete but for the sink that hangs.
        await untilJournaled(program.runDir, 500)
        program.kill('SIGTERM')
      }
      const ended = await program.ended
      expect(ended).toEqual(timely ? { code: 0, signal: null } : { code: null, signal: 'SIGTERM' })
      expectJournal(program.runDir, 500)
      expect(['completed', 'killed']).toContain(runFile(program.runDir).status)
      expect(readJson(program.runDir, 'summary.json')).toMatchObject({ rows: 500 })
      expectLeftInTime(program, timely ? 'ending' : 'SIGTERM')
    },
  )

  test('several runs with hung sinks share one deadline', async () => {
    const program = exiting('many-runs')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectLeftInTime(program)
    for (let number = 0; number < 4; number++) {
      const runDir = join(program.runDir, '..', `child-${number}`)
      expectJournal(runDir, 500)
      expect(runFile(runDir)).toMatchObject({ status: 'completed', exitCode: 0 })
    }
  })

  test('the run directory was removed: the process still leaves on time', async () => {
    const program = exiting('cannot-write', { args: ['removed'] })
    await program.waitFor('ready')
    program.kill('SIGUSR2')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expectLeftInTime(program, 'SIGUSR2')
  })

  test.runIf(CAN_MOUNT)(
    'the disk is full: the process leaves on time, keeps what fitted, and says so',
    async () => {
      const disk = smallDisk('1m')
      const program = exiting('cannot-write', { dir: disk.path })
      await program.waitFor('ready')
      program.kill('SIGUSR2')
      expect(await program.ended).toEqual({ code: 0, signal: null })
      expectLeftInTime(program, 'SIGUSR2')
      expect(program.stderr).toContain('the last records could not be saved')
      expect(journalRows(program.runDir).length).toBeGreaterThan(250)
      disk.remount('size=64m')
      // run.json was written when the run began, and must be whole whatever came after.
      expect(['running', 'completed', 'failed']).toContain(runFile(program.runDir).status)
      await recoverRun(program.runDir)
      expect(readJson(program.runDir, 'summary.json')).toMatchObject({
        rows: journalRows(program.runDir).length,
      })
    },
  )
})

async function untilJournaled(runDir: string, rows: number): Promise<void> {
  await until(
    `${rows} rows are journaled`,
    () => existsSync(join(runDir, 'journal')) && journalRows(runDir).length >= rows,
  )
}
