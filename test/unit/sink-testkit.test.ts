/** The kit finds what a sink does wrong; that ours do nothing wrong is in sink-testkit-ours.test.ts. */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeSink, type SinkTarget, sinkTests, testSink } from '../../dist/src/sink-testkit/index.js'
import { temporaryDirectory } from '../support/directory.js'

const MODULE = new URL('../fixtures/sink-testkit/file.mjs', import.meta.url)
const fileOf = ({ directory }: { directory: string }) => join(directory, 'rows.jsonl')

/** A mark beside the file, which its sink looks at. */
const mark = (name: string) => (place: { directory: string }) => {
  writeFileSync(`${fileOf(place)}.${name}`, '')
  return () => rmSync(`${fileOf(place)}.${name}`)
}

const target = (breaks?: string): SinkTarget => ({
  sink: (place) => ({ module: MODULE, name: 'file', path: fileOf(place), breaks }),
  read: (place) =>
    readFileSync(fileOf(place), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  expected: ({ producer, step, values, media }) => {
    const texts = Object.entries(values).map(([name, value]) => [name, String(value)])
    const name = producer === 0 ? 'main' : `producer-${producer}`
    return media === null ? [{ producer: name, step, values: Object.fromEntries(texts) }] : []
  },
  count: (place) => readFileSync(fileOf(place), 'utf8').split('\n').length - 1,
  faults: [{ name: 'somebody has revoked the key', action: 'pause', inject: mark('broken') }],
  stall: mark('stalled'),
  kills: 3,
})

describeSink(test, 'a sink made with defineSink()', target())

/** What is said of a rule, or null where it holds. */
async function saidOf(rule: string, broken: SinkTarget): Promise<string | null> {
  try {
    await sinkTests(broken)
      .find(({ name }) => name === rule)!
      .run()
    return null
  } catch (error) {
    return (error as Error).message
  }
}

describe('the kit finds', () => {
  test.each([
    ['order', 'each row arrives once, in order', 'where {"producer":"main","step":0'],
    ['lines', 'each row arrives once, in order', 'is nothing where'],
    ['nan', 'each row arrives once, in order', '"train/loss":"0"'],
    ['counts', 'each row arrives once, in order', 'the sink says that it has delivered'],
    ['cut', 'a crash after a write, before its commit', 'should be'],
    ['rebuild', 'a rebuild writes everything again, over what is there', 'should be'],
    ['state', 'the state is plain JSON, and small', 'more than 65536'],
    ['signal', 'a signal that is aborted ends a write, and loses nothing', 'within 1000 ms of its signal'],
    [
      'fault',
      'somebody has revoked the key: pause',
      'says "retry" (UNEXPECTED: it is broken) in place of "pause"',
    ],
  ])('a sink that breaks "%s": %s', async (breaks, rule, message) => {
    expect(await saidOf(rule, target(breaks))).toContain(message)
  })

  test('only what is wrong', async () => {
    expect(await saidOf('each row arrives once, in order', target('cut'))).toBeNull()
    expect(await saidOf('a crash after a write, before its commit', target('counts'))).toContain('delivered')
  })

  test('a module that is not there, and options that are wrong', async () => {
    await expect(testSink({ ...target(), sink: { module: './none.mjs', name: 'none' } })).rejects.toThrow(
      /^the sink fails \d+ tests:\n {2}each row arrives once, in order: .*cannot be loaded/,
    )
    await expect(testSink({ ...target(), sink: 'jsnol' as never })).rejects.toThrow('did you mean "jsonl"')
  })
})

test('it runs under node:test too', () => {
  const program = `
    import test from 'node:test'
    import { describeSink } from '${new URL('../../dist/src/sink-testkit/index.js', import.meta.url)}'
    import { readFileSync } from 'node:fs'
    const count = ({ runDir }) => readFileSync(runDir + '/metrics.jsonl', 'utf8').split('\\n').length - 1
    describeSink(test, 'jsonl', { sink: 'jsonl', count, kills: 1 })
  `
  const file = join(temporaryDirectory(), 'conformance.mjs')
  writeFileSync(file, program)
  const { stdout, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
  expect(stdout).toMatch(/pass 14\n/)
  expect(status).toBe(0)
})
