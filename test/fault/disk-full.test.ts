/** A disk that gets full while a run logs, and has room again. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { init, type Run, type RunOptions } from '../../dist/src/index.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { recoverRun } from '../../dist/src/runs.js'
import { countFromEnv, seededRandom } from '../support/random.js'
import { expectDelivered, runFile } from '../support/run-files.js'
import { until } from '../support/until.js'
import { expectIdentities } from './support/account.js'
import { DISKS, simulatedDisk, type TestDisk } from './support/disks.js'

const KIB = 1024
const MIB = 1024 * KIB
const SEED = countFromEnv('OFFSTEP_DISK_SEED', Date.now() % 1_000_000)
const FLAPS = countFromEnv('OFFSTEP_DISK_FLAPS', 10)
/** What a row of one value takes of a ring. */
const ROW_BYTES = 40
const REBUILDABLE = ['jsonl', 'csv', 'tensorboard', 'summary']

vi.setConfig({ testTimeout: 60_000 })

class Logging {
  readonly run: Run
  logged = 0

  constructor(disk: TestDisk, options: RunOptions = {}) {
    const ring = { capacityBytes: 64 * KIB }
    this.run = init({ git: false, handleSignals: false, recover: false, ring, ...disk.options, ...options })
    // A test that fails must not leave a thread behind.
    onTestFinished(async () => {
      await this.run.finish({ timeoutMs: 0 })
    })
  }

  log(count = 50): void {
    for (const end = this.logged + count; this.logged < end; this.logged++) {
      this.run.log({ value: this.logged }, this.logged)
    }
    const status = this.run.status()
    expectIdentities(status)
    expect(status.accepted).toBe(this.logged)
  }

  /** Logs on until `condition` holds. */
  async logUntil(what: string, condition: () => unknown): Promise<void> {
    await until(what, () => {
      this.log()
      return condition()
    })
  }

  get states(): string[] {
    return REBUILDABLE.map((name) => this.run.status().sinks[name]!.state)
  }

  get waiting(): boolean {
    return this.states.every((state) => state === 'disk-full')
  }

  async begin(): Promise<void> {
    this.log(500)
    await this.allDelivered()
  }

  /** Without a call that could have helped. */
  async allDelivered(): Promise<void> {
    await until('everything is delivered', () => {
      const { inRing, sinks } = this.run.status()
      return inRing === 0 && Object.values(sinks).every(({ pending }) => pending === 0)
    })
    expectIdentities(this.run.status())
  }

  training(word: string): number {
    return readFileSync(join(this.run.dir, 'training.log'), 'utf8').split(word).length - 1
  }

  async finish(): Promise<void> {
    const result = await this.run.finish()
    expectIdentities(result)
    expect(result).toMatchObject({ accepted: this.logged, inRing: 0, reached: true })
    expect(expectDelivered(this.run.dir).length).toBe(result.journaled)
    expect(runFile(this.run.dir)).toMatchObject({ status: 'completed', delivered: true })
  }
}

describe.each(DISKS)('on a %s disk', (_name, create) => {
  test('full: sinks wait, then the ring holds, then drops are counted; with room all goes on by itself', async () => {
    const disk = create()
    const logging = new Logging(disk)
    const { run } = logging
    await logging.begin()
    disk.fill()
    await logging.logUntil('the ring is full', () => run.status().dropped['ring-full'] !== undefined)
    await until('the sinks wait', () => logging.waiting)
    const { journaled, dropped } = run.status()
    disk.free()
    await logging.allDelivered()
    const after = run.status()
    expect(after.journaled).toBeGreaterThan(journaled)
    expect(after.dropped).toEqual(dropped)
    expect(logging.states).not.toContain('disk-full')
    await until(
      'the user is told of the end',
      () => logging.training('There is room on the disk again') === 1,
    )
    expect(logging.training('the journal cannot be written')).toBe(1)
    expect(logging.training(`${dropped.total} records were dropped`)).toBe(1)
    logging.log()
    await logging.finish()
  })

  test('below the floor the sinks wait, below half of it the journal too; nothing is lost', async () => {
    const disk = create()
    const ring = { capacityBytes: 8 * MIB }
    const logging = new Logging(disk, { disk: { minFreeBytes: 4 * MIB }, ring })
    const { run } = logging
    await logging.begin()
    disk.fill(3 * MIB)
    await logging.logUntil('the sinks wait', () => logging.waiting)
    const { journaled } = run.status()
    logging.log(1000)
    await until('the journal goes on', () => run.status().journaled >= journaled + 1000)
    expect(logging.training('Less than disk.minFreeBytes')).toBe(1)
    disk.fill(1 * MIB)
    await logging.logUntil('the journal waits', () => run.status().inRing > 500)
    await until('the user is told', () => logging.training('the journal cannot be written') === 1)
    disk.fill(3 * MIB)
    await until('the journal goes on, before the sinks', () => run.status().inRing === 0)
    expect(logging.waiting).toBe(true)
    disk.free()
    await logging.allDelivered()
    expect(run.status()).toMatchObject({ journaled: logging.logged, dropped: { total: 0 } })
    await until('the user is told', () => logging.training('There is room on the disk again') === 1)
    await logging.finish()
  })

  test('finish() keeps its deadline, leaves the rest pending, and recovery completes it', async () => {
    const disk = create()
    const logging = new Logging(disk)
    await logging.begin()
    disk.fill()
    await logging.logUntil('the ring is full', () => logging.run.status().dropped['ring-full'] !== undefined)
    const result = await logging.run.finish({ timeoutMs: 1500 })
    expectIdentities(result)
    expect(result.reached).toBe(false)
    expect(result.elapsedMs).toBeLessThan(2500)
    disk.free()
    const report = await recoverRun(logging.run.dir)
    expect(report).toMatchObject({ complete: true, failed: {}, journaled: result.journaled })
    expect(expectDelivered(logging.run.dir).length).toBe(result.journaled)
  })

  test('room that comes while finish() waits: everything is delivered, and the status is written', async () => {
    const disk = create()
    const logging = new Logging(disk)
    await logging.begin()
    disk.fill()
    await logging.logUntil('the ring is full', () => logging.run.status().dropped['ring-full'] !== undefined)
    const finished = logging.finish()
    setTimeout(() => disk.free(), 500)
    await finished
  })
})

test('finish() below half of the floor journals what the ring holds, and recovery delivers it', async () => {
  const disk = simulatedDisk()
  const ring = { capacityBytes: 8 * MIB }
  const logging = new Logging(disk, { disk: { minFreeBytes: 4 * MIB }, ring })
  const { run } = logging
  await logging.begin()
  disk.fill(1 * MIB)
  await logging.logUntil('the journal waits', () => run.status().inRing > 500)
  const result = await run.finish({ timeoutMs: 1000 })
  expect(result).toMatchObject({
    reached: false,
    inRing: 0,
    journaled: logging.logged,
    dropped: { total: 0 },
  })
  expect(runFile(run.dir)).toMatchObject({ status: 'completed', delivered: false })
  expect(await recoverRun(run.dir)).toMatchObject({ complete: true, journaled: logging.logged })
  expectDelivered(run.dir)
})

test.for([
  ['block', { capacityBytes: 64 * KIB, maxBlockMs: 5 }, 64 * KIB, 5],
  ['grow', { capacityBytes: 64 * KIB, maxCapacityBytes: 256 * KIB }, 256 * KIB, 50],
] as const)(
  'a full disk with rings that %s: they keep what they can hold, and count the rest',
  async ([whenFull, limits, most, burst]) => {
    const disk = simulatedDisk()
    const logging = new Logging(disk, { ring: { whenFull, ...limits } })
    const { run } = logging
    await logging.begin()
    disk.fill()
    await until('rows are dropped', () => {
      logging.log(burst)
      return run.status().dropped['ring-full'] !== undefined
    })
    expect(run.status().inRing).toBeGreaterThan((most / ROW_BYTES) * 0.9)
    const { total } = run.status().dropped
    disk.free()
    await logging.allDelivered()
    expect(run.status().dropped.total).toBe(total)
    await logging.finish()
  },
)

test.for(['drain', 'daemon'] as const)(
  'the %s dies while the disk is full: its successor goes on',
  async (thread) => {
    const disk = simulatedDisk()
    const logging = new Logging(disk)
    const run = logging.run as LiveRun
    await logging.begin()
    disk.fill()
    await logging.logUntil('the ring is full', () => run.status().dropped['ring-full'] !== undefined)
    await until('the sinks wait', () => logging.waiting)
    if (thread === 'drain') run.post({ type: 'kill-thread', pool: 'drain' })
    else await run.worker.terminate()
    logging.log()
    disk.free()
    await logging.allDelivered()
    await logging.finish()
  },
)

test(`room that comes and goes ${FLAPS} times: each record that was kept is delivered once (seed ${SEED})`, async () => {
  const random = seededRandom(SEED)
  const disk = DISKS.at(-1)![1]()
  const logging = new Logging(disk)
  await logging.begin()
  for (let flap = 0; flap < FLAPS; flap++) {
    for (const change of [() => disk.fill(), () => disk.free()]) {
      change()
      const end = performance.now() + random() * 400
      await logging.logUntil('it is time for a change', () => performance.now() > end)
    }
    // Now and then for long enough that the sinks go on too.
    if (flap % 10 === 5) await logging.allDelivered()
  }
  await logging.allDelivered()
  // Told at most once a minute.
  expect(logging.training('the sinks that can be rebuilt wait')).toBeLessThanOrEqual(1)
  expect(logging.training('the journal cannot be written')).toBeLessThanOrEqual(1)
  await logging.finish()
})

describe('where only the sinks have no room', () => {
  test.for(['ENOSPC', 'EDQUOT'])(
    '%s: the journal goes on, nothing is dropped, and they are tried by themselves',
    async (code) => {
      const disk = simulatedDisk()
      const logging = new Logging(disk)
      const { run } = logging
      await logging.begin()
      // What statfs says does not show a quota.
      disk.become({ code, except: '/journal/' })
      await logging.logUntil('the sinks wait', () => logging.waiting)
      await logging.logUntil('much is journaled', () => run.status().journaled > 3000)
      await until('the ring is empty', () => run.status().inRing === 0)
      expect(run.status().dropped).toEqual({ total: 0 })
      expect(REBUILDABLE.map((name) => run.status().sinks[name]!.lastError).join()).toContain(code)
      disk.free()
      await logging.allDelivered()
      expect(logging.training(code)).toBe(1)
      expect(logging.training('There is room on the disk again')).toBe(1)
      await logging.finish()
    },
  )

  test('a sink of the user goes on, and gets no row twice because its cursor has no room', async () => {
    const disk = simulatedDisk()
    const module = new URL('../fixtures/disk/counting.mjs', import.meta.url)
    const logging = new Logging(disk, { sinks: [{ module, name: 'mine' }] })
    const rows = () => readFileSync(`${disk.env.OFFSTEP_DISK}.rows`, 'utf8').trimEnd().split('\n').map(Number)
    await logging.begin()
    disk.become({ code: 'ENOSPC', only: 'cursors' })
    await logging.logUntil('it fails', () => run().attempts > 1)
    expect(run().state).not.toBe('disk-full')
    disk.free()
    await logging.allDelivered()
    expect(await logging.run.finish()).toMatchObject({ reached: true, accepted: logging.logged })
    expect(rows()).toEqual(Array.from({ length: logging.logged }, (_, row) => row))

    function run() {
      return logging.run.status().sinks.mine!
    }
  })
})
