import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { RunOptions } from '../../dist/src/options/options.js'
import { resolveOptions } from '../../dist/src/options/validate.js'

const MIB = 2 ** 20

describe('resolveOptions', () => {
  test('fills every option that is not given', () => {
    const expected = {
      project: 'default',
      name: 'run',
      dir: resolve('runs'),
      mode: 'online',
      config: {},
      tags: [],
      notes: '',
      group: null,
      jobType: null,
      id: null,
      sinks: ['jsonl', 'csv', 'tensorboard'].map((name) => ({
        name,
        module: null,
        export: 'default',
        options: {},
      })),
      goals: {},
      checkpoints: {
        every: { steps: 0, minutes: 0, epochs: 0 },
        keepLast: 3,
        keepBest: 1,
        keepEvery: 0,
        metric: null,
        mode: null,
        compression: 'none',
        maxInFlight: 2,
        whenFull: 'wait',
        maxWaitMs: 60_000,
        minFreeBytes: 0,
      },
      ring: { capacityBytes: 8 * MIB, whenFull: 'drop', maxCapacityBytes: 64 * MIB, maxBlockMs: 100 },
      journal: { segmentBytes: 64 * MIB, syncIntervalMs: 1000 },
      disk: { minFreeBytes: 0 },
      limits: { maxMetrics: 100_000, maxNameBytes: 1024 },
      captureConsole: false,
      monitor: { systemMs: 10_000, systemGc: false },
      plots: null,
      plotEvery: 0,
      recover: true,
      exitTimeoutMs: 2000,
      handleSignals: true,
      git: true,
      workerUrl: null,
    }
    expect(resolveOptions({}, {})).toEqual(expected)
    expect(resolveOptions(undefined, {})).toEqual(expected)
    expect(resolveOptions({ project: undefined, ring: { whenFull: undefined } }, {})).toEqual(expected)
  })

  test('keeps what is given', () => {
    const given = {
      project: 'tinystories',
      name: 'base line',
      dir: resolve('elsewhere'),
      mode: 'offline',
      config: { lr: 3e-4, layers: [1, 2] },
      tags: ['a', 'b'],
      notes: 'first\nsecond',
      group: 'sweep',
      jobType: 'train',
      id: 'fixed',
      goals: { 'train/loss': 'minimize' },
      ring: { capacityBytes: 65_536, whenFull: 'block', maxCapacityBytes: 131_072, maxBlockMs: 5 },
      journal: { segmentBytes: MIB, syncIntervalMs: 1 },
      limits: { maxMetrics: 10, maxNameBytes: 20 },
      exitTimeoutMs: 0,
      handleSignals: false,
      git: false,
    } satisfies RunOptions
    expect(resolveOptions(given, {})).toMatchObject(given)
  })

  test('what the process prints is kept where a sink shows it, and what the machine does everywhere, or as said', () => {
    const surroundings = (options: RunOptions) => {
      const { captureConsole, monitor } = resolveOptions(options, {})
      return { captureConsole, systemMs: monitor.systemMs }
    }
    expect(surroundings({ sinks: ['wandb'] })).toEqual({ captureConsole: true, systemMs: 10_000 })
    expect(surroundings({ sinks: [{ type: 'wandb', mode: 'disabled' }] })).toEqual({
      captureConsole: false,
      systemMs: 10_000,
    })
    expect(
      surroundings({ sinks: ['wandb'], captureConsole: false, monitor: { system: { everyMs: 500 } } }),
    ).toEqual({ captureConsole: false, systemMs: 500 })
    expect(surroundings({ captureConsole: true, monitor: { system: true } })).toEqual({
      captureConsole: true,
      systemMs: 10_000,
    })
    expect(surroundings({ sinks: ['wandb'], monitor: { system: false } }).systemMs).toBe(0)
  })

  test('mode offline keeps the sink "wandb" off the network', () => {
    const sinks = (options: RunOptions) => resolveOptions(options, {}).sinks.map((sink) => sink.options.mode)
    expect(sinks({ mode: 'offline', sinks: ['jsonl', 'wandb'] })).toEqual([undefined, 'offline'])
    expect(sinks({ mode: 'offline', sinks: [{ type: 'wandb', mode: 'disabled' }] })).toEqual(['disabled'])
    expect(sinks({ sinks: ['wandb'] })).toEqual([undefined])
    const inEnvironment = (WANDB_MODE: string, mode?: string) =>
      resolveOptions({ sinks: [{ type: 'wandb', mode }] }, { WANDB_MODE }).sinks[0]!.options.mode
    expect(inEnvironment('dryrun')).toBe('offline')
    expect(inEnvironment('disabled')).toBe('disabled')
    expect(inEnvironment('offline', 'online')).toBe('online')
    expect(inEnvironment('run')).toBe(undefined)
  })

  test('one option of a group leaves the others at their defaults', () => {
    expect(resolveOptions({ ring: { whenFull: 'grow' } }, {}).ring).toEqual({
      capacityBytes: 8 * MIB,
      whenFull: 'grow',
      maxCapacityBytes: 64 * MIB,
      maxBlockMs: 100,
    })
  })

  test('a ring larger than the default maximum raises the maximum', () => {
    expect(resolveOptions({ ring: { capacityBytes: 128 * MIB } }, {}).ring.maxCapacityBytes).toBe(128 * MIB)
  })

  test('a run without a name takes that of its project', () => {
    expect(resolveOptions({ project: 'mnist' }, {}).name).toBe('mnist')
  })

  test('the environment sets dir and mode, and an option wins over it', () => {
    const env = { OFFSTEP_DIR: '/data/runs', OFFSTEP_MODE: 'disabled' }
    expect(resolveOptions({}, env)).toMatchObject({ dir: resolve('/data/runs'), mode: 'disabled' })
    expect(resolveOptions({ mode: 'online', dir: 'x' }, env)).toMatchObject({
      dir: resolve('x'),
      mode: 'online',
    })
  })

  test('an empty environment variable counts as unset', () => {
    expect(resolveOptions({}, { OFFSTEP_MODE: '', OFFSTEP_DIR: '' })).toEqual(resolveOptions({}, {}))
  })

  test('survives structured clone', () => {
    const options = resolveOptions(
      {
        config: { url: new URL('https://example.org/'), when: new Date(0), big: 1n },
        sinks: [{ module: new URL('file:///sink.js'), name: 'mine', level: 3 }],
        workerUrl: new URL('file:///daemon.js'),
      },
      {},
    )
    expect(structuredClone(options)).toEqual(options)
    expect(options.config).toEqual({ url: 'https://example.org/', when: new Date(0), big: 1n })
    expect(options.workerUrl).toBe('file:///daemon.js')
  })

  test('a change to the given objects afterwards does not reach the options', () => {
    const config = { nested: { lr: 1 } }
    const options = resolveOptions({ config }, {})
    config.nested.lr = 2
    expect(options.config).toEqual({ nested: { lr: 1 } })
  })

  test('config may hold class instances, maps, sets, typed arrays, NaN and a value twice', () => {
    class Adam {
      beta = [0.9, 0.999]
    }
    const shared = { a: 1 }
    const config = {
      adam: new Adam(),
      map: new Map([['k', shared]]),
      set: new Set([1]),
      typed: new Float32Array([0.5]),
      nan: Number.NaN,
      first: shared,
      second: shared,
      gone: undefined,
    }
    expect(resolveOptions({ config }, {}).config).toStrictEqual({
      adam: { beta: [0.9, 0.999] },
      map: new Map([['k', { a: 1 }]]),
      set: new Set([1]),
      typed: [0.5],
      nan: Number.NaN,
      first: { a: 1 },
      second: { a: 1 },
    })
  })

  test('a config key "__proto__" stays data', () => {
    const { config } = resolveOptions({ config: JSON.parse('{"__proto__":{"x":1}}') }, {})
    expect(Object.getPrototypeOf(config)).toBe(Object.prototype)
    expect(JSON.stringify(config)).toBe('{"__proto__":{"x":1}}')
  })

  test('sinks may be names, built-in sinks with options, and modules', () => {
    const sinks = [
      'csv',
      { type: 'console', everySteps: 500 },
      { module: './mine.js', name: 'relative', export: 'create' },
      { module: 'offstep-sink-x', name: 'package' },
    ]
    expect(resolveOptions({ sinks }, {}).sinks).toEqual([
      { name: 'csv', module: null, export: 'default', options: {} },
      { name: 'console', module: null, export: 'default', options: { everySteps: 500 } },
      { name: 'relative', module: pathToFileURL(resolve('mine.js')).href, export: 'create', options: {} },
      { name: 'package', module: 'offstep-sink-x', export: 'default', options: {} },
    ])
  })

  test('an empty list of sinks is kept', () => {
    expect(resolveOptions({ sinks: [] }, {}).sinks).toEqual([])
  })

  test.each(['x', 'a'.repeat(128), 'Größe 7', '実験', 'a..b', '.hidden', '👩‍🔬'])(
    'accepts the name %j',
    (name) => {
      expect(resolveOptions({ project: name, name, group: name, id: name }, {})).toMatchObject({ name })
    },
  )

  test('the worker file may be a path', () => {
    expect(resolveOptions({ workerUrl: 'dist/daemon.js' }, {}).workerUrl).toBe(
      pathToFileURL(resolve('dist/daemon.js')).href,
    )
  })
})
