import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OptionsError } from '../../src/options/errors.js'
import { readOptions } from '../../src/options/file.js'

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
    ['a: 1\nb: [1, 2\n', 3],
    ['a: 1\na: 2\n', 2],
    ['a: 1\n\tb: hunter2\n', 2],
    ['a: 1\n---\nb: 2\n', 2],
  ])('YAML %j is wrong at line %i, and is not quoted', (text, line) => {
    const path = file('run.yaml', text)
    expect(messageOf(path)).toBe(
      `options file ${path} is not valid YAML at line ${line}: correct the syntax there`,
    )
  })
})
