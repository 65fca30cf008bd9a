import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { thisProcess } from '../../dist/src/store/process-identity.js'
import { type LockOwner, RunAliveError, RunLock, readLock, SILENT_MS } from '../../dist/src/store/run-lock.js'
import { temporaryDirectory } from '../support/directory.js'
import { startProgram } from '../support/program.js'
import { until } from '../support/until.js'

afterEach(() => vi.restoreAllMocks())

const files = (dir: string) => readdirSync(join(dir, 'lock')).sort()

/** A lock as an owner left it who differs from this process in `change`. */
function leaveLock(dir: string, change: Partial<LockOwner>): void {
  const lock = RunLock.acquire(dir, { role: 'run' })
  const file = join(dir, 'lock', files(dir).at(-1)!)
  writeFileSync(file, JSON.stringify({ ...lock.owner, nonce: 'theirs', ...change }))
}

const acquire = (dir: string) => RunLock.acquire(dir, { role: 'recovery' })

/** Our own clock, moved by hand. */
function clock(): { advance(ms: number): void } {
  let now = 1000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  return {
    advance: (ms) => {
      now += ms
    },
  }
}

test('a run has one owner, whom the second one is told', () => {
  const dir = temporaryDirectory()
  const lock = acquire(dir)
  expect(() => acquire(dir)).toThrow(RunAliveError)
  expect(() => acquire(dir)).toThrow(`pid ${process.pid} on `)
  expect(lock.held).toBe(true)
  lock.release()
  expect(readLock(dir).state).toBe('free')
  expect(acquire(dir).held).toBe(true)
  expect(lock.held).toBe(false)
  expect(lock.renew()).toBe(false)
})

test('a thread that replaces a dead one has the lock already', () => {
  const dir = temporaryDirectory()
  RunLock.acquire(dir, { role: 'run', nonce: 'mine' })
  expect(RunLock.acquire(dir, { role: 'run', nonce: 'mine' }).renew()).toBe(true)
  expect(files(dir)).toEqual(['000001.json'])
})

test('the files of a thousand owners are two at most', () => {
  const dir = temporaryDirectory()
  for (let i = 0; i < 1000; i++) acquire(dir).release()
  expect(files(dir)).toEqual(['000999.json', '001000.json'])
})

describe('a dead owner keeps no run locked', () => {
  test('the process is gone', async () => {
    const dir = temporaryDirectory()
    const holder = startProgram('kill/lock-holder.mjs', { dir })
    await holder.waitFor('holds')
    expect(() => acquire(dir)).toThrow(RunAliveError)
    holder.kill('SIGSTOP')
    expect(() => acquire(dir), 'a stopped process lives').toThrow(RunAliveError)
    holder.kill('SIGKILL')
    await holder.ended
    expect(acquire(dir).held).toBe(true)
  })

  test('the process is a zombie that nobody reaps', async () => {
    const dir = temporaryDirectory()
    const fixture = join(import.meta.dirname, '../fixtures/kill/lock-holder.mjs')
    // `sleep` takes the shell's place, and does not wait for the shell's child.
    const shell = spawn('sh', ['-c', `"${process.execPath}" "${fixture}" & exec sleep 60`], {
      env: { ...process.env, RUNS: dir },
      stdio: 'ignore',
    })
    onTestFinished(async () => {
      shell.kill('SIGKILL')
      await once(shell, 'exit')
    })
    await until('it holds the lock', () => readLock(dir).state === 'alive')
    process.kill(readLock(dir).owner!.pid, 'SIGKILL')
    await until('it is dead', () => readLock(dir).state === 'free')
    expect(acquire(dir).held).toBe(true)
  })

  test.each<[string, Partial<LockOwner>]>([
    ['its pid is another process by now', { started: '1' }],
    ['its pid is ours, as after the restart of a container', { pid: process.pid, started: '77' }],
    ['the machine was started again, and its pid is in use', { boot: 'an-earlier-boot' }],
    ['it belongs to the original of a copied directory', { inode: '1' }],
  ])('%s', (_, change) => {
    const dir = temporaryDirectory()
    leaveLock(dir, change)
    expect(readLock(dir).state).toBe('free')
    expect(acquire(dir).held).toBe(true)
  })

  test('a copy of a locked directory is free, and the moved original stays locked', () => {
    const dir = temporaryDirectory()
    mkdirSync(join(dir, 'run'))
    acquire(join(dir, 'run'))
    cpSync(join(dir, 'run'), join(dir, 'copy'), { recursive: true })
    expect(acquire(join(dir, 'copy')).held).toBe(true)
    renameSync(join(dir, 'run'), join(dir, 'moved'))
    expect(() => acquire(join(dir, 'moved'))).toThrow(RunAliveError)
  })
})

describe('an owner whose processes cannot be seen from here', () => {
  const ELSEWHERE: [string, Partial<LockOwner>][] = [
    ['another machine', { boot: 'their-boot', machine: 'their-machine', host: 'their-host' }],
    ['another container of this machine, with a pid that lives here', { namespace: 'pid:[1]' }],
    ['a machine of the same image under another name', { boot: 'their-boot', host: 'their-host' }],
  ]

  test.each(ELSEWHERE)('is alive while its lock is renewed: %s', (_, change) => {
    const dir = temporaryDirectory()
    const { advance } = clock()
    for (let beat = 0; beat < 20; beat++) {
      writeFileSync(lockFile(dir, change), JSON.stringify({ ...owner(dir, change), beat: Date.now() + beat }))
      expect(() => acquire(dir)).toThrow(RunAliveError)
      advance(SILENT_MS / 2)
    }
  })

  test.each(ELSEWHERE)('is given up when it was watched to be silent: %s', (_, change) => {
    const dir = temporaryDirectory()
    const { advance } = clock()
    // Its clock is a day ahead of ours: what it says of the time does not matter.
    for (const beat of [Date.now() + 86_400_000, Date.now() - 86_400_000]) {
      leaveLock(dir, { ...change, beat })
      expect(() => acquire(dir)).toThrow(RunAliveError)
      advance(SILENT_MS - 1)
      expect(() => acquire(dir)).toThrow(RunAliveError)
      advance(1)
      acquire(dir).release()
    }
  })

  test('a lock that a power cut left empty is given up likewise', () => {
    const dir = temporaryDirectory()
    const { advance } = clock()
    mkdirSync(join(dir, 'lock'))
    writeFileSync(join(dir, 'lock', '000001.json'), '')
    expect(readLock(dir).state).toBe('silent')
    expect(() => acquire(dir)).toThrow(RunAliveError)
    advance(SILENT_MS)
    expect(acquire(dir).held).toBe(true)
  })

  /** The first call leaves the lock, the next ones know it. */
  function lockFile(dir: string, change: Partial<LockOwner>): string {
    if (readLock(dir).owner === null) leaveLock(dir, change)
    return join(dir, 'lock', files(dir).at(-1)!)
  }
  const owner = (dir: string, change: Partial<LockOwner>) =>
    ({ ...JSON.parse(readFileSync(lockFile(dir, change), 'utf8')), ...change }) as LockOwner
})

test('of processes that see the same dead owner at once, one gets the run', { timeout: 60_000 }, async () => {
  const root = temporaryDirectory()
  const names = Array.from({ length: 150 }, (_, i) => String(i))
  for (const name of names) {
    mkdirSync(join(root, name))
    leaveLock(join(root, name), { started: '1' })
  }
  const startAt = Date.now() + 1500
  const racers = [1, 2, 3, 4].map(() => startProgram('kill/lock-race.mjs', { dir: root, args: [startAt] }))
  await Promise.all(racers.map((racer) => racer.waitFor('done')))
  const got = racers.flatMap(({ stdout }) => [...stdout.matchAll(/^got (.*)$/gm)].map((match) => match[1]!))
  expect(got.sort()).toEqual([...names].sort())
  for (const name of names) expect(readLock(join(root, name)).state).toBe('alive')
})

test('this process knows when it started, and its boot', () => {
  if (process.platform !== 'linux') return
  const { started, boot, namespace } = thisProcess()
  expect(started).toMatch(/^\d+$/)
  expect(boot).toMatch(/^[0-9a-f-]{36}$/)
  expect(namespace).toMatch(/^pid:/)
})
