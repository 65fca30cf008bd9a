import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CliError } from '../../dist/src/cli/errors.js'
import { resolveRun, rootOf } from '../../dist/src/cli/runs.js'
import { temporaryDirectory } from '../support/directory.js'

function runsNamed(...names: string[]): string {
  const root = temporaryDirectory()
  for (const name of names) {
    mkdirSync(join(root, name), { recursive: true })
    writeFileSync(join(root, name, 'run.json'), '{}')
  }
  return root
}

function refusal(name: string, root: string): string {
  try {
    resolveRun(name, root)
  } catch (error) {
    expect(error).toBeInstanceOf(CliError)
    expect((error as CliError).exitCode).toBe(2)
    return (error as CliError).message
  }
  throw new Error(`"${name}" was accepted`)
}

describe('a run is found by', () => {
  const root = runsNamed.bind(null, 'p/base_1', 'p/base_12', 'q/base_1', 'q/other')

  test.for([
    ['its id', 'other', 'q/other'],
    ['its project and id', 'p/base_1', 'p/base_1'],
    ['the beginning of its id', 'oth', 'q/other'],
    ['its project and the beginning of its id', 'q/ba', 'q/base_1'],
    ['its whole id, though another begins with it', 'base_12', 'p/base_12'],
    ['a name that ends as a directory does', 'q/other/', 'q/other'],
  ] as const)('%s', ([, name, expected]) => {
    const dir = root()
    expect(resolveRun(name, dir)).toBe(join(dir, expected))
  })

  test('its path, absolute or not, or that of its run.json, wherever the runs are', () => {
    const dir = join(root(), 'p/base_1')
    const elsewhere = temporaryDirectory()
    for (const name of [dir, `${dir}/`, relative('.', dir), join(dir, 'run.json')]) {
      expect(resolveRun(name, elsewhere)).toBe(dir)
    }
  })
})

describe('a run that is not found', () => {
  test('ambiguous: the candidates are listed, with their projects', () => {
    const dir = runsNamed('p/base_1', 'p/base_2', 'q/base_1')
    expect(refusal('base', dir).split('\n')).toEqual([
      '3 runs begin with "base": give more of the name',
      '  p/base_1',
      '  p/base_2',
      '  q/base_1',
    ])
    expect(refusal('base_1', dir)).toContain('2 runs begin with "base_1"')
  })

  test('of many candidates some are listed', () => {
    const dir = runsNamed(...Array.from({ length: 20 }, (_, n) => `p/run_${n}`))
    expect(refusal('run', dir).split('\n').at(-1)).toBe('  and 12 more')
  })

  test('unknown: the nearest is named, by the whole id or by its beginning', () => {
    const dir = runsNamed('p/baseline_20250101_120000_abcdef12', 'p/short')
    expect(refusal('shrot', dir)).toContain('did you mean "short"?')
    expect(refusal('basline', dir)).toContain('did you mean "baseline_20250101_120000_abcdef12"?')
    expect(refusal('zzzz', dir)).toContain('give a path, an id or its beginning')
  })

  test('no runs, no directory, no name: it says so', () => {
    const empty = temporaryDirectory()
    expect(refusal('x', empty)).toContain('none at all below')
    expect(refusal('x', join(empty, 'nowhere'))).toContain('no directory')
    expect(refusal('', runsNamed('p/a'))).toContain('there is no run ""')
  })

  test('a name from outside cannot move the cursor', () => {
    expect(refusal('a\x1b[2Jb\nc', runsNamed('p/a'))).not.toMatch(/\p{Cc}/u)
  })
})

test('the root is --dir, else OFFSTEP_DIR, else ./runs', () => {
  const env = { OFFSTEP_DIR: '/from/env' }
  expect(rootOf({ dir: '/given' }, env)).toBe('/given')
  expect(rootOf({}, env)).toBe('/from/env')
  expect(rootOf({}, { OFFSTEP_DIR: '' })).toBe(join(process.cwd(), 'runs'))
})
