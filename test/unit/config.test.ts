/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of options files look like that */
/** What `offstep config` prints, and the published JSON Schema. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { PRESET_NAMES } from '../../dist/src/options/defaults.js'
import { explainOptions } from '../../dist/src/options/explain.js'
import { fileSchema } from '../../dist/src/options/file-schema.js'
import type { ResolvedOptions } from '../../dist/src/options/options.js'
import { resolveOptions } from '../../dist/src/options/validate.js'
import { describedSchema } from '../../scripts/schema.mjs'
import { offstep } from '../support/command-line.js'
import { temporaryDirectory } from '../support/directory.js'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Without the name of the channel for alerts, which is another one each time. */
const comparable = (options: ResolvedOptions) => ({
  ...options,
  sinks: options.sinks.map((sink) => ({ ...sink, options: { ...sink.options, channel: undefined } })),
})

/** `{ "ring.whenFull": "preset" }` of what is in force. */
const origins = (layers: Parameters<typeof explainOptions>[0]) =>
  Object.fromEntries(explainOptions(layers).map(({ path, from }) => [path.join('.'), from]))

describe('where an option comes from', () => {
  test('a later layer wins, option by option', () => {
    const from = origins({
      argument: { preset: 'production', tags: ['x'] },
      env: { OFFSTEP_MODE: 'offline', OFFSTEP_DIR: '/from-env' },
      file: { mode: 'online', ring: { maxBlockMs: 5 }, config: { lr: 1 }, tags: ['y'] },
    })
    expect(from).toMatchObject({
      preset: 'argument',
      tags: 'argument',
      mode: 'environment',
      dir: 'environment',
      'ring.maxBlockMs': 'file',
      'config.lr': 'file',
      'ring.whenFull': 'preset',
      'monitor.system.everyMs': 'preset',
      'journal.syncIntervalMs': 'default',
    })
  })

  test('an option in place of an object counts for what is in it', () => {
    const options = explainOptions({ argument: { monitor: { system: true } }, env: {} })
    expect(options.find(({ path }) => path[0] === 'monitor')).toMatchObject({
      path: ['monitor', 'system', 'everyMs'],
      from: 'argument',
    })
  })

  test.each(PRESET_NAMES)('what is shown of %s is what init() takes, and comes to the same', (preset) => {
    const env = { WANDB_API_KEY: 'k'.repeat(40) }
    const shown: Record<string, unknown> = {}
    for (const { path, value } of explainOptions({ argument: { preset }, env })) {
      const last = path.length - 1
      const inner = path.slice(0, last).reduce<Record<string, unknown>>((at, segment) => {
        at[segment] ??= {}
        return at[segment] as Record<string, unknown>
      }, shown)
      inner[path[last]!] = value
    }
    expect(comparable(resolveOptions(shown, {}))).toEqual(comparable(resolveOptions({ preset }, env)))
  })

  test('wrong options are told as init() tells them', () => {
    const wrong = () => explainOptions({ argument: {}, env: {}, file: { ring: { whenful: 'drop' } } })
    expect(wrong).toThrow(
      'ring.whenful: given string "drop"; there is no such option (did you mean "whenFull"?)',
    )
  })
})

describe('offstep config show', () => {
  const FILE =
    'preset: benchmark\nsinks: [{ type: wandb, apiKey: "${WANDB_API_KEY}" }]\nprofiles: { dev: { notes: d } }\n'

  test('prints JSON for programs, without secrets', async () => {
    const dir = temporaryDirectory()
    const file = join(dir, 'run.yaml')
    writeFileSync(file, FILE)
    const env = { WANDB_API_KEY: 'abcdef0123456789', OFFSTEP_PROFILE: 'dev' }
    const { stdout, code } = await offstep(['config', 'show', '--file', file, '--json'], { dir, env })
    expect(code).toBe(0)
    expect(stdout).not.toContain(env.WANDB_API_KEY)
    expect(JSON.parse(stdout)).toMatchObject({
      file,
      profile: 'dev',
      options: { preset: 'benchmark', notes: 'd', plots: false, sinks: [{ type: 'wandb' }] },
      from: { preset: 'file', notes: 'file', plots: 'preset', dir: 'environment', tags: 'default' },
    })
  })

  test('prints YAML that is an options file, with where each option comes from', async () => {
    const dir = temporaryDirectory()
    const file = join(dir, 'offstep.config.yaml')
    const { stdout } = await offstep(['config', 'show', '--preset', 'full', '--yaml'], { dir })
    expect(stdout).toContain('plotEvery: 300000 # preset')
    expect(parse(stdout)).toMatchObject({ preset: 'full', captureConsole: true })
    writeFileSync(file, stdout)
    const again = await offstep(['config', 'show', '--file', file, '--json'], { dir })
    expect(JSON.parse(again.stdout).options).toEqual(parse(stdout))
  })

  test('prints a table for people', async () => {
    const dir = temporaryDirectory()
    const { stdout, stderr } = await offstep(['config', 'show', '--preset', 'basic'], { dir })
    expect(stdout).toMatch(/^monitor\.system +false +preset$/m)
    expect(stdout).toMatch(/^recover +true +default$/m)
    expect(stderr).toContain('preset basic: Files only')
  })

  test('wrong options, profiles and variables end with code 2', async () => {
    const dir = temporaryDirectory()
    const file = join(dir, 'run.yaml')
    writeFileSync(file, FILE)
    const run = async (...args: string[]) => offstep(['config', 'show', ...args], { dir, env: { NOPE: '' } })
    expect(await run('--preset', 'ful')).toMatchObject({ code: 2, stderr: expect.stringContaining('"full"') })
    const profile = await run('--file', file, '--profile', 'deb')
    expect(profile).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "dev"') })
    const missing = join(dir, 'missing.yaml')
    expect(await run('--file', missing)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('does not exist'),
    })
  })
})

describe('schema/offstep.schema.json', () => {
  const published = JSON.parse(read('schema/offstep.schema.json'))

  test('is the one of the options: run `npm run schema` after a change', () => {
    expect(published).toEqual(describedSchema(fileSchema(), read('src/options/options.ts')))
  })

  test('knows every option, and no other', () => {
    const { properties, additionalProperties, definitions } = published
    const { $schema, profiles, ...options } = properties
    expect(Object.keys(definitions.options.properties)).toEqual(Object.keys(options))
    expect(additionalProperties).toBe(false)
    expect(properties.ring.properties.whenFull.anyOf[0]).toEqual({ enum: ['drop', 'grow', 'block'] })
    expect(properties.ring.additionalProperties).toBe(false)
    expect(properties.journal.properties.syncIntervalMs.anyOf[0]).toEqual({
      type: 'integer',
      minimum: 1,
      maximum: 3_600_000,
    })
    expect(properties.journal.properties.syncIntervalMs.description).toContain('power cut')
  })

  test('is what `offstep config schema` prints', async () => {
    const { stdout } = await offstep(['config', 'schema'], { dir: temporaryDirectory() })
    expect(stdout).toBe(read('schema/offstep.schema.json'))
  })
})
