/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of options files look like that */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OptionsError } from '../../dist/src/options/errors.js'
import { foundFile, readOptions } from '../../dist/src/options/file.js'
import type { RunOptions } from '../../dist/src/options/options.js'
import { saveConfig } from '../../dist/src/options/save.js'
import { resolveOptions } from '../../dist/src/options/validate.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'offstep-options-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

function messageOf(path: string): string {
  try {
    readOptions(path)
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError)
    return (error as OptionsError).message
  }
  throw new Error('the file was accepted')
}

describe('readOptions', () => {
  test('reads JSON, with a byte-order mark or without', () => {
    expect(readOptions(file('a.json', '{"project":"p","config":{"lr":1e-3}}'))).toEqual({
      project: 'p',
      config: { lr: 1e-3 },
    })
    expect(readOptions(file('b.json', '\uFEFF{"project":"p"}'))).toEqual({ project: 'p' })
  })

  test.each(['a.yaml', 'a.yml', 'A.YAML'])('reads YAML from %s', (name) => {
    const text = 'project: p\nconfig:\n  lr: 3e-4\n  norway: no\ntags: [a, b]\n'
    expect(readOptions(file(name, text))).toEqual({
      project: 'p',
      config: { lr: 3e-4, norway: 'no' },
      tags: ['a', 'b'],
    })
  })

  test.each(['model.json', './model.json', 'sub/model.yaml'])(
    'loads a config given as the path %s',
    (config) => {
      mkdirSync(join(dir, 'sub'))
      file('model.json', '{"layers":2}')
      file('sub/model.yaml', 'layers: 2')
      expect(readOptions(file('run.json', JSON.stringify({ name: 'n', config })))).toEqual({
        name: 'n',
        config: { layers: 2 },
      })
    },
  )

  test('a missing file is named', () => {
    const path = join(dir, 'none.json')
    expect(messageOf(path)).toBe(`options file ${path} does not exist: check its path`)
  })

  test('a missing config file is named', () => {
    expect(messageOf(file('run.json', '{"config":"none.yaml"}'))).toBe(
      `config file ${join(dir, 'none.yaml')} does not exist: check its path`,
    )
  })

  test('a directory cannot be read', () => {
    mkdirSync(join(dir, 'd.json'))
    expect(messageOf(join(dir, 'd.json'))).toContain('cannot be read (EISDIR)')
  })

  test('another extension is refused', () => {
    expect(messageOf(file('run.toml', ''))).toContain('use .json, .yaml or .yml')
  })

  test.each(['[]', 'null', '"text"', '7'])('%s is not an object', (text) => {
    expect(messageOf(file('run.json', text))).toContain('must hold one object')
    expect(messageOf(file('run.yaml', text))).toContain('must hold one object')
  })

  test('an empty YAML file is not an object', () => {
    expect(messageOf(file('run.yaml', ''))).toContain('must hold one object')
  })

  test.each([
    ['', 1],
    ['{\n"a": 1,\n}', 3],
    ['{\n"a" 1}', 2],
    ['{"a": 1}\n{"b": 2}', 2],
    ['{\n\n"apiKey": hunter2\n}', 3],
    ['{"a": [1,\n2 3]}', 2],
    ['{"a": "x\ny"}', 1],
    ['{"a": 01}', 1],
    ['{"a":\ntru}', 2],
    ['{"a": 1,\n"b": "unterminated}', 2],
    ["{\n'a': 1}", 2],
    ['{"a": "\\x"}', 1],
  ])('JSON %j is wrong at line %i, and is not quoted', (text, line) => {
    const path = file('run.json', text)
    expect(messageOf(path)).toBe(
      `options file ${path} is not valid JSON at line ${line}: correct the syntax there`,
    )
  })

  test.each([
    ['a: 1\nb: [1, 2\n', 3, 'correct the indentation'],
    ['a: 1\na: 2\n', 2, 'remove one of two options with the same name'],
    ['a: "hunter2\n', 2, 'correct the syntax there'],
    ['a: 1\n\tb: hunter2\n', 2, 'indent with spaces'],
    ['a:\n\tb: hunter2\n', 2, 'indent with spaces, not with a tab'],
    ['a: 1\n---\nb: 2\n', 2, 'leave one document'],
  ])('YAML %j is wrong at line %i, and is not quoted: %s', (text, line, fix) => {
    const path = file('run.yaml', text)
    expect(messageOf(path)).toContain(`options file ${path} is not valid YAML at line ${line}: ${fix}`)
    expect(messageOf(path)).not.toContain('hunter2')
  })

  test('an anchor stands for a value, and `<<` merges what it stands for', () => {
    const path = file(
      'run.yaml',
      'profiles:\n  a: &a { ring: { whenFull: grow }, notes: a }\n  b: { <<: *a, notes: b }\n',
    )
    expect(readOptions(path, { profile: 'b', env: {} })).toEqual({ ring: { whenFull: 'grow' }, notes: 'b' })
  })

  test.each([
    ['config: &c { self: *c }', 'an anchor that contains itself'],
    ['config: &c { list: [1, *c] }', 'an anchor that contains itself'],
    ['config: *nothing', 'give each alias (*name) an anchor (&name) above it'],
  ])('the aliases of %s are wrong', (text, problem) => {
    const path = file('run.yaml', text)
    expect(messageOf(path)).toContain(`options file ${path} `)
    expect(messageOf(path)).toContain(problem)
  })
})

describe('placeholders', () => {
  const read = (content: unknown, env: Record<string, string> = {}) =>
    readOptions(file('run.json', JSON.stringify(content)), { env })

  test('a variable takes the place of its name, and a default where there is none or it is empty', () => {
    const content = { project: '${P}', notes: 'on ${HOST:-nowhere}, ${EMPTY:-by default}, ${SET:-}!' }
    expect(read(content, { P: 'p', EMPTY: '' })).toEqual({ project: 'p', notes: 'on nowhere, by default, !' })
  })

  test('a variable that is empty is an empty text where there is no default', () => {
    expect(read({ notes: 'a${EMPTY}b' }, { EMPTY: '' })).toEqual({ notes: 'ab' })
  })

  test('what a variable holds is not looked at again', () => {
    expect(read({ notes: '${A}' }, { A: '${B} $& $1' })).toEqual({ notes: '${B} $& $1' })
  })

  test('two dollars stand for the characters themselves', () => {
    expect(read({ notes: '$${HOME} costs $5 or $$' })).toEqual({ notes: '${HOME} costs $5 or $$' })
  })

  test('a value that is a placeholder and no more becomes a number, true, false or null', () => {
    const env = { N: '2000', F: '-1e-3', T: 'true', X: 'null', ID: '007', BIG: '12345678901234567890' }
    const content = {
      exitTimeoutMs: '${N}',
      git: '${T}',
      config: { lr: '${F}', none: '${X}', id: '${ID}', big: '${BIG}', part: 'a${N}', layers: ['${L:-3}'] },
    }
    expect(read(content, env)).toEqual({
      exitTimeoutMs: 2000,
      git: true,
      config: {
        lr: -1e-3,
        none: null,
        id: '007',
        big: '12345678901234567890',
        part: 'a2000',
        layers: [3],
      },
    })
  })

  test('an option that must be text stays text, and so does a secret', () => {
    const content = {
      name: '${N}',
      tags: ['${N}'],
      group: '${T}',
      sinks: [
        { type: 'wandb', apiKey: '${N}', entity: '${N}' },
        { type: 'csv', maxColumns: '${N}' },
      ],
    }
    expect(read(content, { N: '123', T: 'true' })).toEqual({
      name: '123',
      tags: ['123'],
      group: 'true',
      sinks: [
        { type: 'wandb', apiKey: '123', entity: '123' },
        { type: 'csv', maxColumns: 123 },
      ],
    })
  })

  test('every missing variable is named, with the file and the option', () => {
    const path = file('run.yaml', 'project: ${P}\nsinks:\n  - { type: wandb, entity: "${TEAM}" }\n')
    expect(() => readOptions(path, { env: {} })).toThrow(
      `options file ${path}:\n` +
        '  project needs the environment variable P, which is not set: set it, or write ${P:-default}\n' +
        '  sinks[0].entity needs the environment variable TEAM, which is not set: set it, or write ${TEAM:-default}',
    )
  })

  test.each(['${', '${}', '${a b}', '${1x}', 'x ${HOME', '${A:default}'])('%s is no placeholder', (notes) => {
    expect(() => read({ notes }, { HOME: 'h', A: 'a' })).toThrow(
      'notes has a "${" that begins no placeholder',
    )
  })

  test('a config file of its own has them too', () => {
    file('model.yaml', 'lr: ${LR}\nseed: ${SEED:-1}\n')
    expect(read({ config: 'model.yaml' }, { LR: '0.1' })).toEqual({ config: { lr: 0.1, seed: 1 } })
  })

  test('what came out of a variable with a secret is shown by its name', () => {
    const options = read({ mode: '${DB_PASSWORD}', notes: 'x' }, { DB_PASSWORD: 'hunter2000' })
    expect(() => resolveOptions(options, {})).toThrow('mode: given string "${DB_PASSWORD}"')
    expect(() => resolveOptions({ project: '/tmp/hunter2000' }, {})).not.toThrow('hunter2000')
  })
})

describe('profiles', () => {
  const content = {
    $schema: './schema.json',
    project: 'p',
    config: { lr: 1, layers: 2 },
    ring: { whenFull: 'grow' },
    profiles: {
      dev: { mode: 'offline', config: { lr: 0.5 }, ring: { maxBlockMs: 5 } },
      server: { notes: '${ONLY_THERE}' },
      empty: null,
    },
  }

  test('one is laid over the rest of the file, however deep', () => {
    const path = file('run.json', JSON.stringify(content))
    expect(readOptions(path, { profile: 'dev', env: {} })).toEqual({
      project: 'p',
      mode: 'offline',
      config: { lr: 0.5, layers: 2 },
      ring: { whenFull: 'grow', maxBlockMs: 5 },
    })
  })

  test('none is used where none was chosen, and what it needs is not asked for', () => {
    const path = file('run.json', JSON.stringify(content))
    const base = { project: 'p', config: { lr: 1, layers: 2 }, ring: { whenFull: 'grow' } }
    expect(readOptions(path, { env: {} })).toEqual(base)
    expect(readOptions(path, { env: { OFFSTEP_PROFILE: '' } })).toEqual(base)
    expect(readOptions(path, { env: { OFFSTEP_PROFILE: 'empty' } })).toEqual(base)
  })

  test('the environment chooses one, an argument another', () => {
    const path = file('run.json', JSON.stringify(content))
    const env = { OFFSTEP_PROFILE: 'server', ONLY_THERE: 'x' }
    expect(readOptions(path, { env }).notes).toBe('x')
    expect(readOptions(path, { env, profile: 'dev' }).notes).toBeUndefined()
  })

  test('one that is not there is refused with those that are', () => {
    const path = file('run.json', JSON.stringify(content))
    expect(() => readOptions(path, { profile: 'devv' })).toThrow(
      `${path} has no profile "devv" (did you mean "dev"?): it has "dev", "server", "empty"`,
    )
    expect(() => readOptions(file('b.json', '{}'), { profile: 'dev' })).toThrow('it has no profiles')
    expect(() => readOptions(path, { profile: 'toString' })).toThrow('has no profile')
  })
})

describe('which file, and what wins', () => {
  test('the environment wins over the file, and an argument over both', () => {
    const path = file('run.json', '{"dir":"from-file","mode":"online","preset":"basic"}')
    const env = { OFFSTEP_DIR: 'from-env', OFFSTEP_MODE: 'offline' }
    expect(readOptions(path, { env })).toEqual({ dir: 'from-env', mode: 'offline', preset: 'basic' })
    expect(resolveOptions({ ...readOptions(path, { env }), mode: 'disabled' }, env).mode).toBe('disabled')
  })

  test('OFFSTEP_CONFIG names the file, else it is found in the working directory', () => {
    const path = file('mine.json', '{"project":"named"}')
    expect(readOptions(undefined, { env: { OFFSTEP_CONFIG: path } })).toEqual({ project: 'named' })
    expect(foundFile({}, dir)).toBeUndefined()
    file('offstep.config.json', '{}')
    expect(foundFile({}, dir)).toBe(join(dir, 'offstep.config.json'))
    file('offstep.config.yaml', '')
    expect(foundFile({}, dir)).toBe(join(dir, 'offstep.config.yaml'))
  })
})

describe('saveConfig', () => {
  const env = { WANDB_API_KEY: 'abcdef0123456789', TEAM: 'team' }

  test.each(['saved.json', 'saved.yaml'])('writes %s so that readOptions() reads the same again', (name) => {
    const options: RunOptions = {
      project: 'p',
      preset: 'full',
      config: { lr: 1e-3, layers: [1, 2], text: 'costs ${x} or $${y}', key: 5 },
      sinks: ['jsonl', { type: 'csv', maxColumns: 5 }],
      ring: { whenFull: 'grow' },
      notes: 'a\n# b: c\n',
    }
    const path = join(dir, name)
    expect(saveConfig(options, path)).toEqual({ leftOut: [] })
    expect(readOptions(path, { env: {} })).toEqual(options)
  })

  test('leaves secrets out, and says which', () => {
    const path = join(dir, 'saved.json')
    const options: RunOptions = {
      config: { db: 'postgres://me:hunter2@host/db', service: { apiToken: 'tok-1' } },
      sinks: [{ type: 'wandb', apiKey: 'k'.repeat(40), entity: 'e' }],
      alertTargets: [{ type: 'webhook', url: 'https://hooks.test/T0/s3cr3t', headers: { 'X-A': 's3cr3t' } }],
    }
    expect([...saveConfig(options, path).leftOut].sort()).toEqual([
      'alertTargets[0].headers',
      'alertTargets[0].url',
      'config.service.apiToken',
      'sinks[0].apiKey',
    ])
    const text = readFileSync(path, 'utf8')
    for (const secret of ['hunter2', 'tok-1', 'kkkk', 's3cr3t']) expect(text).not.toContain(secret)
    expect(JSON.parse(text).sinks).toEqual([{ type: 'wandb', entity: 'e' }])
  })

  test('writes what came out of the environment as its variable', () => {
    const source = file(
      'a.json',
      '{"sinks":[{"type":"wandb","apiKey":"${WANDB_API_KEY}"}],"notes":"with ${WANDB_API_KEY}"}',
    )
    const path = join(dir, 'saved.json')
    expect(saveConfig(readOptions(source, { env }), path)).toEqual({ leftOut: [] })
    expect(readFileSync(path, 'utf8')).not.toContain(env.WANDB_API_KEY)
    expect(readOptions(path, { env })).toEqual(readOptions(source, { env }))
  })

  test('refuses what init() refuses, and other kinds of file', () => {
    expect(() => saveConfig({ projct: 'x' } as RunOptions, join(dir, 'a.json'))).toThrow(
      'did you mean "project"',
    )
    expect(() => saveConfig({}, join(dir, 'a.toml'))).toThrow('use .json, .yaml or .yml')
  })
})
