/** One directory for a run, whoever makes it: its daemon, or the thread that ends while the daemon has only begun. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { identify } from '../../src/daemon/identity.js'
import type { DaemonSetup } from '../../src/daemon/messages.js'
import { Ownership } from '../../src/daemon/ownership.js'
import { Control } from '../../src/ring/control.js'
import { readLock } from '../../src/store/run-lock.js'
import { temporaryDirectory } from '../support/directory.js'

const setupIn = (dir: string, project = () => 'p') => {
  const options = {
    dir,
    id: 'a',
    git: false,
    get project() {
      return project()
    },
  }
  return { options, startTime: 0, cwd: dir } as unknown as DaemonSetup
}

const identifyIn = (dir: string, control: Control, project?: () => string) =>
  identify(
    setupIn(dir, project),
    control,
    () => {},
    () => false,
  )

test('the ending thread has taken it over: the daemon makes none', async () => {
  const [dir, control] = [temporaryDirectory(), new Control()]
  expect(control.takeDirectory()).toBeNull()
  expect(await identifyIn(dir, control)).toBeNull()
  expect(readdirSync(dir)).toEqual([])
  expect(control.located).toBe(false)
})

test('the daemon has made it: the ending thread uses that', async () => {
  const [dir, control] = [temporaryDirectory(), new Control()]
  const made = await identifyIn(dir, control)
  expect(made).toEqual({ id: 'a', dir: join(dir, 'p', 'a') })
  expect(control.takeDirectory()).toEqual(made)
})

test('the daemon is making it: the ending thread waits for that', async () => {
  const control = new Control()
  expect(control.beginDirectory()).toBe(true)
  const daemon = new Worker(
    `const { workerData } = require('node:worker_threads')
     import(workerData.module).then(({ Control }) => {
       const control = new Control(workerData.buffer)
       if (control.keepDirectory()) control.locate({ id: 'a', dir: '/a' }, true)
     })`,
    {
      eval: true,
      workerData: {
        module: new URL('../../dist/src/ring/control.js', import.meta.url).href,
        buffer: control.buffer,
      },
    },
  )
  expect(control.takeDirectory(30_000)).toEqual({ id: 'a', dir: '/a' })
  await daemon.terminate()
})

test('the daemon takes too long: the thread makes its own, and the daemon takes its own away', async () => {
  const [dir, control] = [temporaryDirectory(), new Control()]
  const made = await identifyIn(dir, control, () => {
    expect(control.takeDirectory()).toBeNull()
    return 'p'
  })
  expect(made).toBeNull()
  expect(control.located).toBe(false)
  expect(readdirSync(join(dir, 'p'))).toEqual([])
})

test('a daemon that replaces one which died while it made it makes it', async () => {
  const [dir, control] = [temporaryDirectory(), new Control()]
  expect(control.beginDirectory()).toBe(true)
  expect((await identifyIn(dir, control))?.id).toBe('a')
})

test.each([
  [false, 'held'],
  [true, 'free'],
])('a daemon takes the lock of a run that is not over yet (over: %s)', (over, expected) => {
  const dir = temporaryDirectory()
  const [ignore, fail] = [() => {}, (error: unknown) => expect.unreachable(String(error))]
  const ownership = new Ownership({
    dir,
    nonce: 'n',
    taken: ignore,
    lost: fail,
    failed: fail,
    over: () => over,
  })
  ownership.start()
  expect(readLock(dir).state === 'free' ? 'free' : 'held').toBe(expected)
  ownership.release()
  expect(readLock(dir).state).toBe('free')
})
