import fs, { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findRuns } from '../../src/recovery/find-runs.js'
import { RunLock } from '../../src/store/run-lock.js'
import { openStore } from '../../src/store/runs/run-store.js'
import { StoredRun } from '../../src/store/runs/stored-run.js'
import { temporaryDirectory } from '../support/directory.js'
import { patchFs } from '../support/patch-fs.js'
import { START, storeRun } from '../support/stored-runs.js'

const DAY = 86_400_000
const iso = (time: number) => new Date(time).toISOString()

/** Three runs, of which each has what another has not. */
function threeRuns() {
  const root = temporaryDirectory()
  storeRun(
    root,
    {
      id: 'base',
      config: { lr: 1e-3, optimizer: { name: 'adam' }, 'a.b': 1, layers: [64, 32], amp: true },
      tags: ['baseline', 'old'],
      startTime: iso(START),
      git: { commit: 'abc', branch: 'main', dirty: false, remote: null },
    },
    { 0: { 'val/loss': 3 }, 1: { 'val/loss': 1 }, 2: { 'val/loss': 2, 'train.acc': 0.5 } },
  )
  storeRun(
    root,
    {
      id: 'low',
      config: { lr: 1e-4, optimizer: { name: 'sgd' } },
      startTime: iso(START + DAY),
      status: 'failed',
      exitCode: 3,
      group: 'sweep',
    },
    { 0: { 'val/loss': 9 }, 5: { 'val/loss': Number.NaN } },
  )
  storeRun(root, { id: 'none', project: 'q', startTime: iso(START + 2 * DAY), notes: 'what a rate does' })
  return openStore(root)
}

describe('a filter keeps', () => {
  test.for([
    ['config.lr < 1e-3', ['low']],
    ['config.lr <= 1e-3 and not status = failed', ['base']],
    ['config.optimizer.name = adam', ['base']],
    ['config.a.b = 1 or config."a.b" = 2', ['base']],
    ['config.layers = 32 and config.amp = true', ['base']],
    ['summary."val/loss" = 2', ['base']],
    ['summary.val/loss.min < 2', ['base']],
    ['summary.val/loss.best.step = 1', ['base']],
    ['summary.val/loss.first > 2', ['base', 'low']],
    ['summary.train.acc.max = 0.5', ['base']],
    ['summary.val/loss = NaN', ['low']],
    ['summary.val/loss.nonFinite > 0', ['low']],
    ['tag = old and tag = baseline', ['base']],
    ['tag != old', ['low', 'none']],
    ['tags ~ "^base"', ['base']],
    ['group = null', ['base', 'none']],
    ['group != null', ['low']],
    ['group != other', ['low']],
    ['config.nothing != 3 or config.nothing < 3 or config.nothing = 3', []],
    ['not config.lr > 0', ['none']],
    ['git.branch = main', ['base']],
    ['exitCode = 3', ['low']],
    ['rows = 0', ['none']],
    ['step >= 5', ['low']],
    ['id ~ "^(base|none)$"', ['base', 'none']],
    ['notes ~ rate', ['none']],
    ['project = q or duration > 100', ['none']],
    ['startTime = 2026-11-21', ['low']],
    ['startTime > 2026-11-20', ['low', 'none']],
    ['startTime <= "2026-11-20T10:00:00Z"', ['base']],
    ['startTime < 2026-11-20', []],
  ] as const)('%s', ([filter, expected]) => {
    const ids = threeRuns()
      .runs({ filter, sort: 'id' })
      .map(({ id }) => id)
    expect(ids).toEqual(expected)
  })

  test('what a function says', () => {
    const runs = threeRuns().runs({ filter: ({ tags }) => tags.length > 0 })
    expect(runs.map(({ id }) => id)).toEqual(['base'])
  })
})

describe('runs are sorted', () => {
  test.for([
    [undefined, ['none', 'low', 'base']],
    ['startTime', ['base', 'low', 'none']],
    ['config.lr', ['low', 'base', 'none']],
    ['-config.lr', ['base', 'low', 'none']],
    // NaN is no lowest loss.
    ['summary.val/loss', ['base', 'low', 'none']],
    ['-summary.val/loss.first', ['low', 'base', 'none']],
  ] as const)('by %s, those that have no such thing last', ([sort, expected]) => {
    const query = sort === undefined ? {} : { sort }
    expect(
      threeRuns()
        .runs(query)
        .map(({ id }) => id),
    ).toEqual(expected)
    expect(threeRuns().runs({ ...query, limit: 2 }).length).toBe(2)
  })
})

test('a run whose value is NaN is no lower, and no higher, than another', () => {
  const store = threeRuns()
  for (const id of ['a-nan', 'z-nan']) storeRun(store.dir, { id }, { 0: { 'val/loss': Number.NaN } })
  storeRun(store.dir, { id: 'm' }, { 0: { 'val/loss': 1 } })
  const ids = (sort: string) => store.runs({ sort, filter: 'rows = 1' }).map(({ id }) => id)
  storeRun(store.dir, { id: 'n' }, { 0: { 'val/loss': 0 } })
  expect(ids('summary."val/loss"')).toEqual(['n', 'm', 'a-nan', 'z-nan'])
  expect(ids('-summary."val/loss"')).toEqual(['m', 'n', 'a-nan', 'z-nan'])
})

describe('a store', () => {
  test('finds a run by its id, its project, or their beginning', () => {
    const store = threeRuns()
    expect(store.projects()).toEqual(['p', 'q'])
    expect(['base', 'b', 'p/lo', 'q/none'].map((name) => store.run(name).id)).toEqual([
      'base',
      'base',
      'low',
      'none',
    ])
    expect(store.runs({ project: 'q' }).map(({ id }) => id)).toEqual(['none'])
  })

  test('says what to type where there is none, or more than one', () => {
    const store = threeRuns()
    storeRun(store.dir, { id: 'base-2' })
    expect(() => store.run('bas')).toThrow(
      '2 runs begin with "bas": give more of the name (p/base, p/base-2)',
    )
    expect(() => store.run('noen')).toThrow('did you mean "none"?')
    expect(() => openStore(join(store.dir, 'nowhere')).run('x')).toThrow('there is no run "x"')
  })

  test('without a directory has no runs', () => {
    const store = openStore(join(temporaryDirectory(), 'nowhere'))
    expect(store.look()).toEqual({ runs: [], unreadable: [] })
    expect(store.projects()).toEqual([])
  })

  test('reads what can be read, and names what cannot', () => {
    const store = threeRuns()
    rmSync(join(store.dir, 'p/low/run.json'))
    writeFileSync(join(store.dir, 'p/base/run.json'), '{"format": 1, ')
    mkdirSync(join(store.dir, 'p/something-else'))
    writeFileSync(join(store.dir, 'a-file'), '')
    const { runs, unreadable } = store.look()
    expect(runs.map(({ id }) => id)).toEqual(['none'])
    expect(unreadable.map(({ id, error }) => [id, error.message])).toEqual([
      ['base', expect.stringContaining('is damaged (not JSON)')],
      ['low', expect.stringContaining('does not exist')],
    ])
  })
})

describe('a run whose run.json says "running"', () => {
  function running(role: 'run' | 'sync' | null) {
    const dir = storeRun(temporaryDirectory(), {
      id: 'r',
      status: 'running',
      endTime: null,
      durationSeconds: null,
    })
    if (role !== null) {
      const lock = RunLock.acquire(dir, { role })
      onTestFinished(() => lock.release())
      return { dir, lock }
    }
    return { dir, lock: null }
  }

  test('is running while its process has the lock, and crashed from then on', () => {
    const { dir, lock } = running('run')
    const run = new StoredRun(dir)
    expect([run.status, run.state.live]).toEqual(['running', true])
    expect(run.durationSeconds).toBeGreaterThan(0)
    lock!.release()
    run.refresh()
    expect([run.status, run.state.live]).toEqual(['crashed', false])
    expect(run.file.status).toBe('running')
  })

  test('has crashed where nobody has the lock, or only who completes it', () => {
    for (const role of [null, 'sync'] as const)
      expect(new StoredRun(running(role).dir).status).toBe('crashed')
  })
})

describe('a directory that may not be read', () => {
  /** As a system does that says no: the rights of files mean nothing to root, whom tests often run as. */
  function close(closed: string): void {
    const { readdirSync } = fs
    const refuse = (dir: string, ...rest: []) => {
      if (dir === closed) throw Object.assign(new Error(`EACCES: ${dir}`), { code: 'EACCES' })
      return readdirSync(dir, ...rest)
    }
    onTestFinished(patchFs({ readdirSync: refuse }))
  }

  test('of another project is left out, whoever looks', () => {
    const { dir } = threeRuns()
    close(join(dir, 'q'))
    expect(
      openStore(dir)
        .runs()
        .map(({ id }) => id),
    ).toEqual(['low', 'base'])
    expect(findRuns(dir).map(({ id }) => id)).toEqual(['base', 'low'])
  })

  test('with all runs is an error: nobody may think that there are none', () => {
    const { dir } = threeRuns()
    close(dir)
    expect(() => openStore(dir).runs()).toThrow('EACCES')
    expect(() => findRuns(dir)).toThrow('EACCES')
  })
})
