import { describe, expect, test } from 'vitest'
import { OptionsError } from '../../dist/src/options/errors.js'
import { resolveOptions } from '../../dist/src/options/validate.js'

function errorOf(input: unknown, env: Record<string, string> = {}): OptionsError {
  try {
    resolveOptions(input, env)
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError)
    return error as OptionsError
  }
  throw new Error('the options were accepted')
}

const cyclic: Record<string, unknown> = { a: {} }
cyclic.a = { back: cyclic }
const deep = JSON.parse(`${'{"a":'.repeat(101)}1${'}'.repeat(101)}`)
const throwing = Object.defineProperty({}, 'x', {
  enumerable: true,
  get() {
    throw new Error('no')
  },
})
const mine = { module: './x.js', name: 'mine' }

// [options, path, what was given, a part of the fix]
type Case = [unknown, string, string, string]
const sinkCase = (sink: object, option: string, given: string, fix: string): Case[] => [
  [{ sinks: [sink] }, `sinks[0].${option}`, given, fix],
]
const cases: Case[] = [
  ['x', 'options', 'string "x"', 'give an object'],
  [[], 'options', 'array of 0', 'give an object'],
  [{ projct: 'x' }, 'projct', 'string "x"', 'no such option (did you mean "project"?)'],
  [{ job_type: 'x' }, 'job_type', 'string "x"', 'did you mean "jobType"?'],
  [{ modle: 'x' }, 'modle', 'string "x"', 'did you mean "mode"?'],
  [{ zzzzzz: {} }, 'zzzzzz', 'object', 'there is no such option'],
  [{ toString: 1 }, 'toString', 'number 1', 'there is no such option'],
  [{ 'a\nb': 1 }, '["a\\nb"]', 'number 1', 'there is no such option'],
  [{ project: 7 }, 'project', 'number 7', 'give 1 to 128 characters'],
  [{ project: '' }, 'project', 'string ""', 'give 1 to 128 characters'],
  [{ project: null }, 'project', 'null', 'give 1 to 128 characters'],
  [{ project: 'a/b' }, 'project', 'string "a/b"', 'replace "/"'],
  [{ project: '..' }, 'project', 'string ".."', 'not "." or ".."'],
  [{ project: '.' }, 'project', 'string "."', 'not "." or ".."'],
  [{ project: '../x' }, 'project', 'string "../x"', 'replace "/"'],
  [{ project: '実'.repeat(128) }, 'project', `string "${'実'.repeat(40)}..."`, 'shorten it to 240 bytes'],
  [{ name: 'a\\b' }, 'name', 'string "a\\\\b"', 'replace "/" and "\\"'],
  [{ name: 'a\0b' }, 'name', 'string "a\\u0000b"', 'remove control characters'],
  [{ name: 'a\nb' }, 'name', 'string "a\\nb"', 'remove control characters'],
  [{ name: 'a\u2028b' }, 'name', 'string "a?b"', 'remove control characters'],
  [{ name: '\ud800' }, 'name', 'string "\\ud800"', 'remove control characters'],
  [{ name: 'x'.repeat(129) }, 'name', `string "${'x'.repeat(40)}..."`, 'too long'],
  [{ group: ' a' }, 'group', 'string " a"', 'remove the space'],
  [{ jobType: 'a ' }, 'jobType', 'string "a "', 'remove the space'],
  [{ id: 'a/../b' }, 'id', 'string "a/../b"', 'replace "/"'],
  [{ dir: 3 }, 'dir', 'number 3', 'path of a directory'],
  [{ dir: ' ' }, 'dir', 'string " "', 'path of a directory'],
  [{ dir: 'a\0' }, 'dir', 'string "a\\u0000"', 'remove control characters'],
  [{ mode: 'ofline' }, 'mode', 'string "ofline"', 'did you mean "offline"?'],
  [{ mode: true }, 'mode', 'boolean true', 'give "online" or "offline" or "disabled"'],
  [{ config: 'config.yaml' }, 'config', 'string "config.yaml"', 'options file only'],
  [{ config: [1] }, 'config', 'array of 1', 'give an object'],
  [{ config: new Map() }, 'config', 'object', 'give an object'],
  [{ config: Promise.resolve() }, 'config', 'object', 'plain object'],
  [{ config: cyclic }, 'config.a.back', 'object', 'contains itself'],
  [{ config: { f: () => 1 } }, 'config.f', 'function', 'as a string'],
  [{ config: { list: [1, Symbol('x')] } }, 'config.list[1]', 'symbol', 'give a string'],
  [{ config: { 'a b': new WeakMap() } }, 'config["a b"]', 'object', 'plain object'],
  [{ config: { m: new Map([[1, 2]]) } }, 'config.m', 'object', 'strings as keys'],
  [{ config: { data: new Array(100_001).fill(0) } }, 'config.data[99998]', 'number 0', 'as an artifact'],
  [{ config: deep }, `config${'.a'.repeat(100)}`, 'object', 'nest at most 100'],
  [{ config: { t: throwing } }, 'config.t', 'object', 'threw an error'],
  [{ tags: 'baseline' }, 'tags', 'string "baseline"', 'an array of strings'],
  [{ tags: ['a', 7] }, 'tags[1]', 'number 7', 'give a string of 1 to 256'],
  [{ tags: [''] }, 'tags[0]', 'string ""', 'give a string of 1 to 256'],
  [{ tags: new Array(257).fill('a') }, 'tags', 'array of 257', 'at most 256 tags'],
  [{ notes: 1n }, 'notes', 'bigint 1', 'give a string'],
  [{ sinks: 'csv' }, 'sinks', 'string "csv"', 'give an array'],
  [{ sinks: ['tensorbord'] }, 'sinks[0]', 'string "tensorbord"', 'did you mean "tensorboard"?'],
  [{ sinks: ['summary'] }, 'sinks[0]', 'string "summary"', 'always written'],
  [{ sinks: [4] }, 'sinks[0]', 'number 4', 'give "jsonl"'],
  [{ sinks: [{}] }, 'sinks[0]', 'object', '{ module: ..., name: ... }'],
  [{ sinks: [{ type: 'jsnol' }] }, 'sinks[0].type', 'string "jsnol"', 'did you mean "jsonl"?'],
  [{ sinks: [{ type: 1 }] }, 'sinks[0].type', 'number 1', 'give "jsonl"'],
  [{ sinks: ['csv', 'csv'] }, 'sinks[1]', 'string "csv"', 'two sinks would share a cursor'],
  [{ sinks: [mine, mine] }, 'sinks[1]', 'string "mine"', 'two sinks would share a cursor'],
  [{ sinks: [{ type: 'csv', format: () => '' }] }, 'sinks[0].format', 'function', 'as a string'],
  [{ sinks: [{ ...mine, type: 'csv' }] }, 'sinks[0].type', 'string "csv"', 'remove it'],
  [{ sinks: [{ ...mine, module: 7 }] }, 'sinks[0].module', 'number 7', 'a package name, a path or a URL'],
  [{ sinks: [{ module: 'x' }] }, 'sinks[0].name', 'undefined', 'give 1 to 128 characters'],
  [{ sinks: [{ ...mine, name: '..' }] }, 'sinks[0].name', 'string ".."', 'not "." or ".."'],
  [{ sinks: [{ ...mine, name: 'csv' }] }, 'sinks[0].name', 'string "csv"', 'another name'],
  ...sinkCase({ type: 'console', everyStep: 1 }, 'everyStep', 'number 1', 'did you mean "everySteps"?'),
  ...sinkCase({ type: 'jsonl', gzip: true }, 'gzip', 'boolean true', 'there is no such option'),
  ...sinkCase({ type: 'csv', maxColumns: 0 }, 'maxColumns', 'number 0', 'give 1 or more'),
  ...sinkCase({ type: 'csv', maxColumns: 1.5 }, 'maxColumns', 'number 1.5', 'give a whole number'),
  ...sinkCase({ type: 'tensorboard', hparams: 'no' }, 'hparams', 'string "no"', 'give true or false'),
  ...sinkCase({ type: 'console', everySteps: '5' }, 'everySteps', 'string "5"', 'give a number'),
  ...sinkCase({ type: 'log', level: 'warning' }, 'level', 'string "warning"', '"warn" or "error"'),
  ...sinkCase({ type: 'log', level: 'eror' }, 'level', 'string "eror"', 'did you mean "error"?'),
  ...sinkCase({ type: 'wandb', mode: 'ofline' }, 'mode', 'string "ofline"', 'did you mean "offline"?'),
  ...sinkCase({ type: 'wandb', tags: 'a' }, 'tags', 'string "a"', 'give an array'),
  ...sinkCase({ type: 'wandb', tags: ['a', 1] }, 'tags[1]', 'number 1', 'give a string'),
  ...sinkCase({ type: 'mlflow', tags: 'a' }, 'tags', 'string "a"', 'give an object'),
  ...sinkCase({ type: 'mlflow', passwrd: 'hunter2' }, 'passwrd', 'string (hidden)', 'mean "password"?'),
  ...sinkCase({ type: 's3' }, 'url', 'undefined', 'give the address of a bucket'),
  ...sinkCase({ type: 'csv', timeoutMs: 'soon' }, 'timeoutMs', 'string "soon"', 'of milliseconds from 1'),
  ...sinkCase({ ...mine, timeoutMs: Number.NaN }, 'timeoutMs', 'number NaN', 'of milliseconds from 1'),
  [{ sinks: ['s3'] }, 'sinks[0].url', 'undefined', 's3://bucket/prefix'],
  [{ sinks: [{ ...mine, export: '' }] }, 'sinks[0].export', 'string ""', 'name of an export'],
  [{ goals: ['loss'] }, 'goals', 'array of 1', 'an object of metric names'],
  [{ goals: { 'a/b': 'min' } }, 'goals["a/b"]', 'string "min"', 'give "minimize" or "maximize"'],
  [{ goals: { loss: 'minimise' } }, 'goals.loss', 'string "minimise"', 'did you mean "minimize"?'],
  [{ ring: 8 }, 'ring', 'number 8', 'give an object'],
  [{ ring: [] }, 'ring', 'array of 0', 'give an object'],
  [{ ring: { capacity: 1 } }, 'ring.capacity', 'number 1', 'there is no such option'],
  [{ ring: { capacitybytes: 1 } }, 'ring.capacitybytes', 'number 1', 'did you mean "capacityBytes"?'],
  [{ ring: { capacityBytes: 100_000 } }, 'ring.capacityBytes', 'number 100000', 'power of two'],
  [{ ring: { capacityBytes: 32_768 } }, 'ring.capacityBytes', 'number 32768', 'power of two from 65536'],
  [{ ring: { capacityBytes: 2 ** 31 } }, 'ring.capacityBytes', 'number 2147483648', 'to 1073741824'],
  [{ ring: { capacityBytes: '8MiB' } }, 'ring.capacityBytes', 'string "8MiB"', '8 MiB is 8388608'],
  [{ ring: { capacityBytes: Number.NaN } }, 'ring.capacityBytes', 'number NaN', 'power of two'],
  [{ ring: { whenFull: 'wait' } }, 'ring.whenFull', 'string "wait"', '"drop" or "grow" or "block"'],
  [{ ring: { maxCapacityBytes: 3 } }, 'ring.maxCapacityBytes', 'number 3', 'power of two'],
  [{ ring: { maxCapacityBytes: 65_536 } }, 'ring.maxCapacityBytes', 'number 65536', 'at least capacityBytes'],
  [{ ring: { maxBlockMs: 0 } }, 'ring.maxBlockMs', 'number 0', 'milliseconds from 1'],
  [{ journal: null }, 'journal', 'null', 'give an object'],
  [{ journal: { segmentBytes: 1000 } }, 'journal.segmentBytes', 'number 1000', 'bytes from 1048576'],
  [{ disk: { minFreeBytes: -1 } }, 'disk.minFreeBytes', 'number -1', 'bytes from 0'],
  [{ disk: { minFreeByte: 1 } }, 'disk.minFreeByte', 'number 1', 'did you mean "minFreeBytes"'],
  [{ journal: { syncIntervalMs: 0.5 } }, 'journal.syncIntervalMs', 'number 0.5', 'milliseconds from 1'],
  [{ limits: { maxMetrics: 0 } }, 'limits.maxMetrics', 'number 0', 'names from 1'],
  [{ limits: { maxNameBytes: 1e6 } }, 'limits.maxNameBytes', 'number 1000000', 'to 16384'],
  [{ exitTimeoutMs: -1 }, 'exitTimeoutMs', 'number -1', 'milliseconds from 0'],
  [{ exitTimeoutMs: Infinity }, 'exitTimeoutMs', 'number Infinity', 'to 600000'],
  [{ handleSignals: 'yes' }, 'handleSignals', 'string "yes"', 'true or false'],
  [{ git: 1 }, 'git', 'number 1', 'true or false'],
  [
    { workerUrl: 'https://example.org/d.js' },
    'workerUrl',
    'string "https://example.org/d.js"',
    'file: or data:',
  ],
  [{ workerUrl: {} }, 'workerUrl', 'object', 'file: or data:'],
  [{ workerUrl: '' }, 'workerUrl', 'string ""', 'file: or data:'],
]

describe('a wrong option', () => {
  for (const [options, path, given, fix] of cases) {
    test(`at ${path}, ${given}, is reported once: ${fix}`, () => {
      const { problems } = errorOf(options)
      expect(problems).toEqual([{ path, given, fix: expect.stringContaining(fix) }])
    })
  }

  test('is an OptionsError with a code, which no retry can help', () => {
    expect(errorOf({ git: 1 })).toMatchObject({
      name: 'OptionsError',
      code: 'OFFSTEP_OPTIONS',
      retryable: false,
      message: '1 option of offstep is wrong:\n  git: given number 1; give true or false',
    })
  })

  test('does not hide the others: all are listed, one a line', () => {
    const error = errorOf({
      nmae: 'x',
      ntoes: 'y',
      mode: 'x',
      ring: { capacityBytes: 1, whenfull: 'drop' },
      tags: [1, 'a', 2],
      sinks: ['csv', 'xyz', { module: 'm' }],
      config: { a: () => 1, b: [Symbol('s')] },
    })
    const paths = ['mode', 'config.a', 'config.b[0]', 'tags[0]', 'tags[2]', 'sinks[1]', 'sinks[2].name']
    paths.push('ring.capacityBytes', 'ring.whenfull', 'nmae', 'ntoes')
    expect(error.problems.map(({ path }) => path).sort()).toEqual(paths.sort())
    expect(error.message.split('\n')).toHaveLength(1 + paths.length)
  })

  test('of the environment is reported with the name of the variable', () => {
    const { problems } = errorOf({}, { OFFSTEP_MODE: 'onlin', OFFSTEP_DIR: ' ' })
    expect(problems.map(({ path, given }) => [path, given])).toEqual([
      ['environment variable OFFSTEP_DIR', 'string " "'],
      ['environment variable OFFSTEP_MODE', 'string "onlin"'],
    ])
  })

  test('never spreads over lines, whatever was given', () => {
    const error = errorOf({ name: 'a\nb\r\u2029c', 'x\n  y': 1, tags: ['\n\u0085'] })
    expect(error.message.split(/[\n\r\u2028\u2029\u0085]/)).toHaveLength(4)
  })
})

describe('a secret', () => {
  test.each([
    [{ apiKey: 'hunter2' }],
    [{ WANDB_API_KEY: 'hunter2' }],
    [{ token: 'hunter2' }],
    [{ ring: { clientSecret: 'hunter2' } }],
    [{ userPassword: 'hunter2' }],
    [{ goals: { token: 'hunter2' } }],
    [{ wandb: { entity: 'hunter2' } }],
    [{ config: { auth: { key: Object.assign(() => 1, { value: 'hunter2' }) } } }],
    [{ workerUrl: 'https://me:hunter2@example.org/' }],
  ])('in %j is not in the message', (options) => {
    const error = errorOf(options)
    expect(error.message).not.toContain('hunter2')
    expect(JSON.stringify(error.problems)).not.toContain('hunter2')
  })

  test('shows its type only', () => {
    expect(errorOf({ apiKey: 'hunter2' }).problems[0]?.given).toBe('string (hidden)')
  })
})
