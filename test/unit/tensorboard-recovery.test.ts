import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SinkState } from '../../src/sinks/sink.js'
import { createSink } from '../../src/sinks/tensorboard/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import { eventFiles, readPoints } from './support/event-files.js'
import {
  committedState,
  deliver,
  deliverThroughCrashes,
  runDirectory,
  sinkContext,
} from './support/sink-run.js'

function testRun() {
  const runDir = runDirectory()
  const context = sinkContext(runDir, { producerName: (producer) => `worker-${producer}` })
  return { context, directory: join(runDir, 'tensorboard') }
}

const at = (step: number, value: number, producer = 0): RowLiteral => ({
  step,
  producer,
  metrics: { x: value },
})

/** A run with two committed points, and the path of their file. */
async function committedRun() {
  const run = testRun()
  const state = (await deliver(createSink(), run.context, [[at(0, 1), at(1, 2)]]))!
  return { ...run, state, file: join(run.directory, eventFiles(run.directory)[0]!) }
}

describe('after a crash', () => {
  test('bytes that were not committed are cut off', async () => {
    const { context, directory, state, file } = await committedRun()
    appendFileSync(file, Buffer.alloc(9, 0x18))
    await deliver(createSink(), context, [[at(2, 3)]], state)
    expect(readPoints(directory)).toEqual(['x@0=1', 'x@1=2', 'x@2=3'])
  })

  test('a file that was made but never committed is removed', async () => {
    const { context, directory, state } = await committedRun()
    await deliver(createSink(), context, [[at(2, 3)]], state)
    await deliver(createSink(), context, [[at(2, 3)]], state)
    expect(readPoints(directory)).toEqual(['x@0=1', 'x@1=2', 'x@2=3'])
  })

  test("the same goes for a producer's directory that the cursor does not know yet", async () => {
    const { context, directory, state } = await committedRun()
    await deliver(createSink(), context, [[at(0, 7, 1)]], state)
    await deliver(createSink(), context, [[at(0, 7, 1)]], state)
    expect(readPoints(join(directory, 'worker-1'))).toEqual(['x@0=7'])
  })

  test('the next file sorts after the committed one when the clock went back', async () => {
    const { context, directory, state, file } = await committedRun()
    const future = 'events.out.tfevents.9000000000.00000001.offstep'
    renameSync(file, join(directory, future))
    const [known] = (state as { directories: object[] }).directories
    await deliver(createSink(), context, [[at(2, 3)]], { directories: [{ ...known, file: future }] })
    expect(eventFiles(directory)[0]).toBe(future)
    expect(readPoints(directory)).toEqual(['x@0=1', 'x@1=2', 'x@2=3'])
  })

  test('every point is there once and in order, wherever threads died and files were torn', async () => {
    const row = fc.record({ producer: fc.nat(2), tag: fc.constantFrom('a', 'b', 'c') })
    const life = fc.record({
      batchSizes: fc.array(fc.nat(6), { maxLength: 4 }),
      uncommitted: fc.boolean(),
    })
    const property = fc.asyncProperty(
      fc.array(row, { maxLength: 30 }),
      fc.array(life, { maxLength: 5 }),
      fc.nat(40),
      async (picks, lives, tornBytes) => {
        const { context, directory } = testRun()
        const rows = picks.map(({ producer, tag }, step) => ({ step, producer, metrics: { [tag]: step } }))
        await deliverThroughCrashes(createSink, context, rows, lives, (state) =>
          tear(directory, state, tornBytes),
        )
        for (const producer of [0, 1, 2]) {
          const path = producer === 0 ? directory : join(directory, `worker-${producer}`)
          const expected = rows
            .filter((row) => row.producer === producer)
            .map(({ step, metrics }) => `${Object.keys(metrics)[0]}@${step}=${step}`)
          expect(expected.length === 0 ? [] : readPoints(path)).toEqual(expected)
        }
      },
    )
    await fc.assert(property, { numRuns: 150 })
  })
})

/** Leaves half a record behind what was committed, as a crash in the middle of a write does. */
function tear(directory: string, state: SinkState | null, bytes: number): void {
  const directories = (state?.directories ?? []) as { name: string; file: string; length: number }[]
  for (const { name, file, length } of directories) {
    const path = join(directory, name, file)
    if (statSync(path).size === length) appendFileSync(path, Buffer.alloc(bytes, 0x2a))
    else truncateSync(path, Math.min(statSync(path).size, length + bytes))
  }
}

describe('a destination that lost what was committed asks to be built again', () => {
  test.each([
    ['the file is gone', (file: string) => rmSync(file)],
    ['the directory is gone', (file: string) => rmSync(join(file, '..'), { recursive: true })],
    ['the file is too short', (file: string) => truncateSync(file, statSync(file).size - 1)],
  ])('%s', async (_case, damage) => {
    const { context, state, file } = await committedRun()
    damage(file)
    await expect(createSink().open(context, state)).rejects.toMatchObject({ action: 'rebuild' })
  })

  test('the file is removed while it is being written', async () => {
    const { context, directory } = testRun()
    const sink = createSink()
    const builder = new BatchBuilder()
    await sink.open(context, null)
    await sink.write(builder.batch(at(0, 1)))
    rmSync(directory, { recursive: true })
    await expect(sink.write(builder.batch(at(1, 2)))).rejects.toMatchObject({ action: 'rebuild' })
    await sink.open(context, null)
    await sink.write(builder.batch(at(0, 1), at(1, 2)))
    expect(readPoints(directory)).toEqual(['x@0=1', 'x@1=2'])
  })

  test('the cursor is not ours', async () => {
    const { context } = testRun()
    await expect(createSink().open(context, { length: 12 })).rejects.toMatchObject({ action: 'rebuild' })
  })

  test('the cursor is damaged', async () => {
    const { context, state } = await committedRun()
    const [known] = (state as { directories: object[] }).directories
    const damaged = { directories: [{ ...known, length: -1 }] }
    await expect(createSink().open(context, damaged)).rejects.toMatchObject({ action: 'rebuild' })
  })

  test('a rebuild starts clean, in every directory', async () => {
    const { context, directory, state } = await committedRun()
    await deliver(createSink(), context, [[at(0, 7, 1)]], state)
    await deliver(createSink(), context, [[at(0, 1), at(1, 2)]])
    expect(readPoints(directory)).toEqual(['x@0=1', 'x@1=2'])
    expect(eventFiles(join(directory, 'worker-1'))).toEqual([])
  })
})

describe('a write that failed', () => {
  test('half-way can be given again: each point is there once', async () => {
    const { context, directory } = testRun()
    const sink = createSink()
    const builder = new BatchBuilder()
    await sink.open(context, null)
    await sink.write(builder.batch(at(0, 1)))
    const obstacle = join(directory, 'worker-1')
    writeFileSync(obstacle, '')
    const batch = builder.batch(at(1, 2), at(0, 7, 1))
    await expect(sink.write(batch)).rejects.toThrow()
    rmSync(obstacle)
    const { state, notApplicable } = await sink.write(batch)
    await sink.close({ status: 'running', endTime: START_TIME })
    await deliver(createSink(), context, [[at(2, 3)]], committedState(state))
    expect(readPoints(directory)).toEqual(['x@0=1', 'x@1=2', 'x@2=3'])
    expect(readPoints(obstacle)).toEqual(['x@0=7'])
    expect(notApplicable).toBe(0)
  })

  test('at the very first file can be given again', async () => {
    const { context, directory } = testRun()
    const sink = createSink()
    await sink.open(context, null)
    writeFileSync(directory, '')
    const batch = new BatchBuilder().batch(at(0, 1))
    await expect(sink.write(batch)).rejects.toThrow()
    rmSync(directory)
    mkdirSync(directory)
    await sink.write(batch)
    expect(readPoints(directory)).toEqual(['x@0=1'])
    expect(readdirSync(directory)).toHaveLength(1)
  })
})
