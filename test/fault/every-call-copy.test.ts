import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { test, vi } from 'vitest'
import { LiveCopy } from '../support/live-copy.js'
import { Pipeline, SINK_NAMES } from '../support/pipeline.js'
import { assertSink, journalOrder } from '../support/pipeline-oracle.js'
import { Case, finish, randomStep } from '../support/pipeline-workload.js'
import { countFromEnv, seededRandom } from '../support/random.js'

vi.setConfig({ testTimeout: 900_000 })

const SEEDS = countFromEnv('OFFSTEP_COPY_SEEDS', 120)

/** Names, inodes and contents of all files. */
function fingerprint(directory: string): string {
  const hash = createHash('sha256')
  for (const name of (fs.readdirSync(directory, { recursive: true }) as string[]).sort()) {
    const path = join(directory, name)
    const { ino, size } = fs.statSync(path)
    hash.update(`${name} ${ino} ${size} `)
    if (fs.statSync(path).isFile()) hash.update(fs.readFileSync(path))
  }
  return hash.digest('hex')
}

/** Copies the run while it goes on, `pace` of its steps to one of the copy's, and recovers the copy. */
async function copyWhileLive(one: Case, random: () => number, pace: number): Promise<Pipeline> {
  const { pipeline, faults } = one
  const target = join(one.directory, 'copy')
  const copy = new LiveCopy(pipeline.runDir, target, random)
  for (let step = 0; !copy.done; step++) {
    faults.unwatched(() => copy.step())
    for (let work = random() * 2 * pace; work >= 1; work--) await randomStep(pipeline, random, step)
  }
  const before = faults.unwatched(() => fingerprint(pipeline.runDir))
  const recovered = new Pipeline(target, { nonce: 'copy' })
  recovered.restart(true)
  for (let round = 0; !(await recovered.recover()); round++) assert(round < 5, 'the copy catches up')
  recovered.remove()
  const after = faults.unwatched(() => fingerprint(pipeline.runDir))
  assert.equal(after, before, 'the original is as it was')
  return recovered
}

/**
 * Each sink of the copy has all rows of its journal, once and in order. Where its file was copied later than the
 * journal it has some more: the rows that the original wrote meanwhile.
 */
function assertCopy(one: Case, copy: Pipeline): void {
  const order = journalOrder(one.pipeline.runDir, one.pipeline.logged)
  const copied = journalOrder(copy.runDir, one.pipeline.logged)
  assert.deepEqual(
    copied,
    order.slice(0, copied.length),
    'the journal of the copy is the beginning of the original',
  )
  for (const name of SINK_NAMES) {
    const { counts, place } = copy.cursor(name)
    const rows = counts.delivered + counts.notApplicable
    assert.equal(counts.deadLettered, 0)
    assert.equal(
      rows,
      Object.values(place.next).reduce((sum, next) => sum + next, 0),
    )
    assert(rows >= copied.length, `${name} of the copy has all rows of its journal`)
    assertSink(copy.runDir, name, order.slice(0, rows))
  }
}

test.each([0, 1, 4])(
  `the copy of a run that does %i steps between two files of it recovers by itself (${SEEDS} seeds)`,
  async (pace) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seededRandom(seed)
      const one = new Case()
      const { pipeline } = one
      try {
        pipeline.begin()
        for (let step = random() * 40; step > 0; step--) await randomStep(pipeline, random, Math.floor(step))
        const copy = await copyWhileLive(one, random, pace)
        for (let step = 0; step < 10; step++) await randomStep(pipeline, random, step)
        await finish(pipeline)
        pipeline.restart(false)
        await one.recover()
        one.assertComplete()
        one.faults.unwatched(() => assertCopy(one, copy))
      } catch (cause) {
        throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause })
      } finally {
        one.remove()
      }
    }
  },
)
