/** A process that dies on a full disk; and what else a disk may answer to the journal. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { init, type Run } from '../../dist/src/index.js'
import { startProgram } from '../support/program.js'
import { expectDelivered, journalRows, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'
import { expectIdentities } from './support/account.js'
import { DISKS, simulatedDisk, type TestDisk } from './support/disks.js'

vi.setConfig({ testTimeout: 60_000 })

/** Every file below a directory, with its content. */
function contents(directory: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(directory, name)
    if (!statSync(path).isFile()) continue
    files[name] = createHash('sha256').update(readFileSync(path)).digest('hex')
  }
  return files
}

async function recover(disk: TestDisk, runDir: string): Promise<Record<string, unknown>> {
  const program = startProgram('disk/recover.mjs', { args: [runDir], dir: disk.path, env: disk.env })
  await program.waitFor('done')
  await program.ended
  return JSON.parse(program.stdout.split('\n')[0]!)
}

test.for(DISKS)(
  'killed on a full %s disk: recovery says what is missing and changes nothing, and completes the run once there is room',
  async ([, create]) => {
    const disk = create()
    const runDir = join(disk.path, 'default', 'child')
    const program = startProgram('disk/train.mjs', { dir: disk.path, env: disk.env })
    await program.waitFor('ready')
    disk.fill()
    await until('its ring is full', () => program.stdout.includes('full, of'))
    program.kill('SIGKILL')
    await program.ended
    const journaled = Number(/full, of (\d+)/.exec(program.stdout)![1])
    disk.fill()
    const before = contents(runDir)
    const answer = await recover(disk, runDir)
    expect(JSON.stringify(answer)).toContain('ENOSPC')
    expect(JSON.stringify(answer)).toContain('Free some space')
    expect(contents(runDir)).toEqual(before)
    disk.free()
    expect(await recover(disk, runDir)).toEqual({ complete: true, failed: {} })
    expect(expectDelivered(runDir).length).toBeGreaterThanOrEqual(journaled)
    expect(runFile(runDir)).toMatchObject({ status: 'crashed', delivered: true })
  },
)

/** What waiting mends (the file stays in use), and what only a new file may (it is given up). */
const ANSWERS = ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EROFS', 'EACCES', 'EIO'] as const

describe('the journal of a run', () => {
  function start(disk: TestDisk): Run {
    const run = init({ git: false, handleSignals: false, recover: false, ...disk.options })
    onTestFinished(async () => {
      await run.finish({ timeoutMs: 0 })
    })
    return run
  }

  const log = (run: Run, from: number, to: number): void => {
    for (let step = from; step < to; step++) run.log({ value: step }, step)
  }

  const daemonLog = (run: Run): string => {
    const file = join(run.dir, 'daemon.log')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  async function finish(run: Run, rows: number): Promise<void> {
    await until('all is journaled', () => run.status().journaled === rows)
    const result = await run.finish()
    expectIdentities(result)
    expect(result).toMatchObject({ accepted: rows, journaled: rows, dropped: { total: 0 }, reached: true })
    expect(expectDelivered(run.dir).length).toBe(rows)
  }

  test.for(ANSWERS)('cannot be begun (%s): rows wait in the ring, and nothing is lost', async (code) => {
    const disk = simulatedDisk()
    disk.become({ code, only: '/journal' })
    const run = start(disk)
    log(run, 0, 1000)
    await until('the drain has tried', () => daemonLog(run).includes(code))
    expect(run.status()).toMatchObject({ accepted: 1000, inRing: 1000, journaled: 0, dropped: { total: 0 } })
    disk.free()
    await finish(run, 1000)
  })

  test.for(ANSWERS.filter((code) => !/FILE|EACCES/.test(code)))(
    'cannot be written any more (%s): rows wait in the ring, and nothing is lost',
    async (code) => {
      const disk = simulatedDisk()
      const run = start(disk)
      log(run, 0, 1000)
      await run.flush()
      disk.become({ code, only: '/journal/' })
      log(run, 1000, 2000)
      await until('the drain has tried', () => daemonLog(run).includes(code))
      expect(run.status()).toMatchObject({ accepted: 2000, dropped: { total: 0 } })
      disk.free()
      await finish(run, 2000)
      expect(journalRows(run.dir).length).toBe(2000)
    },
  )
})

test('a summary that cannot be closed is closed again: the run does not count as delivered before', async () => {
  const disk = simulatedDisk()
  const run = init({ git: false, handleSignals: false, recover: false, ...disk.options })
  run.log({ value: 1 }, 1)
  await run.flush({ level: 'delivered' })
  disk.become({ code: 'EIO', only: 'summary.json' })
  const result = await run.finish({ timeoutMs: 800 })
  expectIdentities(result)
  expect(runFile(run.dir)).toMatchObject({ status: 'completed', delivered: false })
  disk.free()
  expect(await recover(disk, run.dir)).toEqual({ complete: true, failed: {} })
  expectDelivered(run.dir)
})

test.for(['ENOSPC', 'EIO'])(
  'the final status finds no room at first (%s): it is tried again in time',
  async (code) => {
    const disk = simulatedDisk()
    const run = init({ git: false, handleSignals: false, recover: false, ...disk.options })
    run.log({ value: 1 }, 1)
    await run.flush({ level: 'delivered' })
    disk.become({ code, only: 'run.json' })
    const finished = run.finish()
    setTimeout(() => disk.free(), 300)
    expect(await finished).toMatchObject({ reached: true })
    expect(runFile(run.dir)).toMatchObject({ status: 'completed', delivered: true })
  },
)
