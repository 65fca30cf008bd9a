import fs from 'node:fs'
import { expect, test, vi } from 'vitest'
import { listSegments } from '../../src/journal/files.js'
import { F64 } from '../../src/ring/layout.js'
import { Random } from '../model/support/random.js'
import { JournalFixture, type Values } from '../unit/support/journal.js'
import { readAndCompare } from '../unit/support/read-journal.js'
import { type CallName, type Fault, FaultyFs } from './support/faulty-fs.js'

vi.setConfig({ testTimeout: 600_000 })

/** Rows of all sizes with names that come up on the way; about 400 KB, so that the writer's buffer goes round. */
const rounds: Values[][] = (() => {
  const random = new Random(23)
  return Array.from({ length: 30 }, (_, round) =>
    Array.from({ length: 12 }, (_, i) => {
      const n = random.chance(0.1) ? 250 : random.int(30, 100)
      return Object.fromEntries(Array.from({ length: n }, (_, j) => [`m${round * 3 + j}`, i * 1000 + j]))
    }),
  )
})()

interface Outcome {
  readonly fixture: JournalFixture
  readonly files: FaultyFs
  readonly failures: number
}

/** The drain's life with a file system that fails; in the end the faults are over, and all must be there. */
function run(decide: (call: CallName, index: number) => Fault, syncEvery = 1): Outcome {
  let healed = false
  const files = new FaultyFs((call, index) => (healed ? undefined : decide(call, index)))
  const fixture = new JournalFixture({ segmentBytes: 96 * 1024, files })
  let failures = 0
  for (const [round, rows] of rounds.entries()) {
    for (const values of rows) fixture.log(values, round)
    if (!fixture.turn(undefined, round % syncEvery === 0)) failures++
    const journaled = fixture.counter(F64.JOURNALED)
    if (fixture.counter(F64.SYNCED) > journaled || journaled > fixture.rows.length) expect.fail('counters')
  }
  healed = true
  for (let attempt = 0; !fixture.turn(); attempt++) expect(attempt, 'it recovers').toBeLessThan(3)
  return { fixture, files, failures }
}

function expectAllThere({ fixture, files }: Outcome): void {
  const total = fixture.rows.length
  const { sequences, lost } = readAndCompare(fixture.directory, fixture.rows)
  if (sequences.length !== total || lost !== 0) expect([sequences.length, lost]).toEqual([total, 0])
  for (let i = 0; i < total; i++) if (sequences[i] !== i) expect(sequences[i]).toBe(i)
  expect([fixture.counter(F64.JOURNALED), fixture.counter(F64.SYNCED)]).toEqual([total, total])
  fixture.close()
  expect(files.open, 'no descriptor is left open').toBe(0)
  fixture.remove()
}

const healthy = run(() => undefined)
expectAllThere(healthy)
const calls = healthy.files.calls
process.stdout.write(`journal workload of ${calls.length} file calls\n`)

test.each(['EIO', 'ENOSPC', 'EEXIST', 'ENOENT'])(
  'whichever call fails once with %s, every row is kept and read once',
  (code) => {
    for (let n = 0; n < calls.length; n++) expectAllThere(run((_, index) => (index === n ? code : undefined)))
  },
)

test.each(['EIO', 'ENOSPC'])(
  'from whichever call on all fail with %s, every row is kept once they work again',
  (code) => {
    for (let n = 0; n < calls.length; n++) {
      const outcome = run((_, index) => (index >= n && index < n + 40 ? code : undefined))
      expectAllThere(outcome)
    }
  },
)

test('a write that takes only a part is gone on with, whichever it is, or all of them', () => {
  for (let n = 0; n < calls.length; n++) {
    if (calls[n] !== 'writeSync') continue
    expectAllThere(run((_, index) => (index === n ? 'short' : undefined)))
  }
  expectAllThere(run((call) => (call === 'writeSync' ? 'short' : undefined)))
})

test('after a failed fdatasync the journal goes on in a new segment, and has what the disk forgot', () => {
  for (const syncEvery of [1, 5, 40]) {
    const syncs = run(() => undefined, syncEvery).files.calls.filter(
      (call) => call === 'fdatasyncSync',
    ).length
    for (let n = 0; n < syncs; n++) {
      let seen = 0
      const outcome = run((call) => (call === 'fdatasyncSync' && seen++ === n ? 'EIO' : undefined), syncEvery)
      // The last sync comes when the faults are over.
      expect(outcome.failures).toBe(seen > n ? 1 : 0)
      expectAllThere(outcome)
    }
  }
})

test('hours of a full disk leave no trail of empty segments', () => {
  const full = { is: false }
  const files = new FaultyFs((call) => (full.is && call === 'writeSync' ? 'ENOSPC' : undefined))
  const fixture = new JournalFixture({ segmentBytes: 96 * 1024, files })
  for (const values of rounds[0]!) fixture.log(values, 0)
  expect(fixture.turn()).toBe(true)
  fixture.journal.abandonSegment()
  full.is = true
  for (const values of rounds[1]!) fixture.log(values, 1)
  for (let attempt = 0; attempt < 500; attempt++) expect(fixture.turn()).toBe(false)
  expect(listSegments(fixture.directory)).toEqual([1])
  full.is = false
  expect(fixture.turn()).toBe(true)
  expectAllThere({ fixture, files, failures: 0 })
})

test('where even the empty segment cannot be removed, the next one has another number', () => {
  const broken = { is: false }
  const files = new FaultyFs((call) => {
    if (!broken.is) return undefined
    return call === 'writeSync' || call === 'unlinkSync' ? 'EIO' : undefined
  })
  const fixture = new JournalFixture({ segmentBytes: 96 * 1024, files })
  for (const values of rounds[0]!) fixture.log(values, 0)
  expect(fixture.turn()).toBe(true)
  broken.is = true
  for (const values of rounds[1]!) fixture.log(values, 1)
  for (let attempt = 0; attempt < 5; attempt++) expect(fixture.turn()).toBe(false)
  broken.is = false
  expect(fixture.turn()).toBe(true)
  expectAllThere({ fixture, files, failures: 0 })
})

test('a journal directory that was removed is made again, and the rows go on in it', () => {
  const fixture = new JournalFixture({ segmentBytes: 96 * 1024 })
  fixture.log({ a: 1 }, 1)
  fixture.write()
  fs.rmSync(fixture.directory, { recursive: true })
  fixture.journal.abandonSegment()
  fixture.log({ a: 2 }, 2)
  expect(fixture.turn()).toBe(false)
  expect(fixture.turn()).toBe(true)
  expect(readAndCompare(fixture.directory, fixture.rows).sequences).toContain(1)
  fixture.close()
  fixture.remove()
})
