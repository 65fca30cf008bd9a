/** docs/custom-sinks.md says what the code says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MAX_REBUILDS } from '../../src/delivery/rebuild.js'
import { SINK_ERROR_ACTIONS } from '../../src/sinks/errors.js'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const page = read('docs/custom-sinks.md')
const blocks = [...page.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
  language,
  text: text!,
}))

test('its example is the sink that the tests deliver with, to the letter', () => {
  const sink = read('test/fixtures/sinks/http.mjs')
  const excerpts = blocks.filter(({ language, text }) => language === 'js' && text.startsWith('  '))
  expect(excerpts).toHaveLength(2)
  for (const { text } of excerpts) expect(sink).toContain(text)
})

test('its table of errors has every action, and no other', () => {
  const table = page.slice(page.indexOf('| action |'), page.indexOf('Anything else that is thrown'))
  const actions = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, action]) => action)
  expect(actions).toEqual([...SINK_ERROR_ACTIONS])
})

test('its contract is the one of the source', () => {
  const source = read('src/sinks/sink.ts')
  const contract = blocks.find(({ language }) => language === 'ts')!.text
  const methods = contract.match(/^ {2}\w+\(.*$/gm)!
  expect(methods).toHaveLength(3)
  for (const method of methods) expect(source).toContain(method)
})

test('its limits are those of the code', () => {
  expect(MAX_REBUILDS).toBe(3)
  expect(page).toContain('a `rebuild` more than three times')
  expect(read('src/delivery/session.ts')).toContain('DEAD_AFTER_ATTEMPTS = 5')
  expect(page).toContain('After five failures in a row')
})
