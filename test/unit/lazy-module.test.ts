import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import * as loaded from '../../dist/src/options/presets.js'
import { lazyModule } from '../../src/lazy-module.js'

const DIST = resolve(import.meta.dirname, '../../dist/src')
/** Each costs about a quarter of a millisecond, of every program that imports the package. */
const MAX_FILES = 90

/** The files that an import of `file` loads, but for those that are loaded when they are used. */
function filesOf(file: string, found = new Set<string>()): ReadonlySet<string> {
  const name = relative(DIST, file)
  if (found.has(name)) return found
  found.add(name)
  const imports = readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?:[^'"]*? from )?'(\.[^']+)'/gm)
  for (const [, path] of imports) filesOf(join(dirname(file), path!), found)
  return found
}

test("`import 'offstep'` loads what every run needs, and little else", () => {
  const files = [...filesOf(join(DIST, 'index.js'))]
  expect(files).toContain('run/live-run.js')
  const spared =
    /^sinks\/.*\/|^alerts\/options\/|^checkpoint\/capture\/capture|^options\/(file|save|sink-options|presets)\.js$/
  expect(files.filter((file) => spared.test(file))).toEqual([])
  expect(files.length).toBeLessThan(MAX_FILES)
})

test('a module is loaded once, also where this file has been moved', () => {
  const presets = lazyModule<typeof loaded>('options/presets.js')
  expect(presets()).toBe(presets())
  // Vitest compiles it elsewhere, as a bundler does: the package's own is found all the same.
  expect(Object.keys(presets().PRESETS)).toEqual(Object.keys(loaded.PRESETS))
})

test('a module that is not there says so', () => {
  expect(lazyModule('options/none.js')).toThrow(/none\.js/)
})
