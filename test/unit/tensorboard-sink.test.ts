import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createSink } from '../../src/sinks/tensorboard/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import { eventFiles, readEvents, readPoints } from './support/event-files.js'
import { deliver, runDirectory, sinkContext } from './support/sink-run.js'

function testRun() {
  const runDir = runDirectory()
  const warnings: string[] = []
  const context = sinkContext(runDir, {
    producerName: (producer) => (producer < 9 ? `worker-${producer}` : 'shared'),
    warn: (kind) => warnings.push(kind),
  })
  return { context, warnings, directory: join(runDir, 'tensorboard') }
}

const at = (step: number, metrics: RowLiteral['metrics'], producer = 0): RowLiteral => ({
  step,
  metrics,
  producer,
})

/** What one batch in a session of its own gave back. */
async function writeOnce(rows: readonly RowLiteral[]) {
  const run = testRun()
  const sink = createSink()
  await sink.open(run.context, null)
  const result = await sink.write(new BatchBuilder().batchOf(rows))
  await sink.close({ status: 'completed', endTime: START_TIME })
  return { ...run, result }
}

describe('what a file holds', () => {
  test('a file begins with the format version, then a session start', async () => {
    const { directory } = await writeOnce([at(5, { loss: 1 })])
    const [version, start] = readEvents(directory)[0]!
    expect(version!.fileVersion).toBe('brain.Event:2')
    expect(start).toMatchObject({ session: 1n, step: 0n })
  })

  test('a row is one event: its step, its time in seconds, and all of its values', async () => {
    const time = START_TIME + 1234.5
    const { directory } = await writeOnce([{ step: 7, time, metrics: { loss: 0.5, lr: 2 } }])
    const events = readEvents(directory)[0]!
    expect(events).toHaveLength(3)
    expect(events[2]).toMatchObject({ step: 7n, wallTime: time / 1000 })
    expect(events[2]!.scalars.map(({ tag, value }) => [tag, value])).toEqual([
      ['loss', 0.5],
      ['lr', 2],
    ])
  })

  test('the first value of each tag in a file carries the metadata, and no other does', async () => {
    const { context, directory } = testRun()
    const rows = [at(0, { a: 1 }), at(1, { a: 1, b: 1 }), at(2, { a: 1, b: 1 })]
    const state = await deliver(createSink(), context, [rows.slice(0, 1), rows.slice(1)])
    await deliver(createSink(), context, [[at(3, { a: 1, b: 1 })]], state)
    const withMetadata = readEvents(directory).map((events) =>
      events.flatMap(({ step, scalars }) =>
        scalars.filter(({ hasMetadata }) => hasMetadata).map(({ tag }) => `${tag}@${step}`),
      ),
    )
    expect(withMetadata).toEqual([
      ['a@0', 'b@1'],
      ['a@3', 'b@3'],
    ])
  })

  test('values are those of a float32: NaN, infinities, minus zero, the smallest and the too large', async () => {
    const values = [NaN, Infinity, -Infinity, -0, 0.1, 1e-45, 1e-60, 3.4e38, 1e39, -1e300, 16777217]
    const { directory } = await writeOnce(values.map((value, step) => at(step, { x: value })))
    const written = readEvents(directory)[0]!.flatMap(({ scalars }) => scalars.map(({ value }) => value))
    expect(written).toEqual(values.map(Math.fround))
  })

  test('a fractional step is floored, a negative one too', async () => {
    const { directory } = await writeOnce([at(-1.5, { x: 1 }), at(-0.5, { x: 2 }), at(2.9, { x: 3 })])
    expect(readPoints(directory)).toEqual(['x@-2=1', 'x@-1=2', 'x@2=3'])
  })

  test('the largest and smallest exact steps are kept', async () => {
    const { directory } = await writeOnce([at(-(2 ** 53 - 1), { x: 1 }), at(2 ** 53 - 1, { x: 2 })])
    expect(readPoints(directory)).toEqual(['x@-9007199254740991=1', 'x@9007199254740991=2'])
  })

  test('tags may be any text, names of object properties included', async () => {
    const tags = ['__proto__', 'constructor', 'loss/µ 損失 🙂', 'x'.repeat(300)]
    const { directory } = await writeOnce([
      at(
        0,
        tags.map((tag) => [tag, 1] as const),
      ),
    ])
    expect(readPoints(directory)).toEqual(tags.map((tag) => `${tag}@0=1`))
  })
})

describe('where files are', () => {
  test('nothing is created before there is a value to write', async () => {
    const { directory, result } = await writeOnce([at(0, {})])
    expect(existsSync(directory)).toBe(false)
    expect(result.notApplicable).toBe(1)
  })

  test('producer 0 writes to tensorboard/, every other one to a directory of its own below', async () => {
    const { directory } = await writeOnce([
      at(0, { x: 1 }),
      at(0, { x: 2 }, 1),
      at(1, { x: 3 }),
      at(0, { x: 4 }, 2),
    ])
    expect(readPoints(directory)).toEqual(['x@0=1', 'x@1=3'])
    expect(readPoints(join(directory, 'worker-1'))).toEqual(['x@0=2'])
    expect(readPoints(join(directory, 'worker-2'))).toEqual(['x@0=4'])
  })

  test('producers of one name share one writer', async () => {
    const { directory } = await writeOnce([at(0, { x: 1 }, 9), at(0, { y: 2 }, 10), at(1, { x: 3 }, 9)])
    expect(eventFiles(join(directory, 'shared'))).toHaveLength(1)
    expect(readPoints(join(directory, 'shared'))).toEqual(['x@0=1', 'y@0=2', 'x@1=3'])
  })
})

describe('steps that go back', () => {
  test('a value with a lower step than the last of its tag is left out', async () => {
    const { directory } = await writeOnce([at(5, { x: 1 }), at(4, { x: 2, y: 3 }), at(6, { x: 4 })])
    expect(readPoints(directory)).toEqual(['x@5=1', 'y@4=3', 'x@6=4'])
  })

  test('a row is not applicable only when all of its values are left out', async () => {
    const { result } = await writeOnce([at(5, { x: 1 }), at(4, { x: 2, y: 3 }), at(3, { x: 4, y: 5 })])
    expect(result.notApplicable).toBe(1)
  })

  test('an equal step is written', async () => {
    const { directory, result } = await writeOnce([at(5, { x: 1 }), at(5.5, { x: 2 })])
    expect(readPoints(directory)).toEqual(['x@5=1', 'x@5=2'])
    expect(result.notApplicable).toBe(0)
  })

  test('each directory has steps of its own', async () => {
    const { directory } = await writeOnce([at(5, { x: 1 }), at(0, { x: 2 }, 1)])
    expect(readPoints(join(directory, 'worker-1'))).toEqual(['x@0=2'])
  })

  test('the rule holds from one session to the next', async () => {
    const { context, directory } = testRun()
    const state = await deliver(createSink(), context, [[at(5, { x: 1 }), at(0, { y: 1 })]])
    await deliver(createSink(), context, [[at(4, { x: 2, y: 2 }), at(6, { x: 3 })]], state)
    expect(readPoints(directory)).toEqual(['x@5=1', 'y@0=1', 'y@4=2', 'x@6=3'])
  })

  test('the user is told, but not where nothing is left out', async () => {
    expect((await writeOnce([at(5, { x: 1 }), at(4, { y: 2 })])).warnings).toEqual([])
    const backOnce = [at(5, { x: 1 }), at(4, { x: 2 }), at(0, { x: 1 }, 1), at(6, { x: 3 })]
    expect((await writeOnce(backOnce)).warnings).toEqual(['step-back'])
  })

  test('a row whose step is no exact integer is not applicable, and the user is told', async () => {
    const { directory, result, warnings } = await writeOnce([at(2 ** 53, { x: 1 }), at(1, { x: 2 })])
    expect(readPoints(directory)).toEqual(['x@1=2'])
    expect(result.notApplicable).toBe(1)
    expect(warnings).toEqual(['step-too-large'])
  })
})

describe('sessions', () => {
  test('batches of one session go to one file', async () => {
    const { context, directory } = testRun()
    await deliver(createSink(), context, [[at(0, { x: 1 })], [at(1, { x: 2 })], [at(2, { y: 3 })]])
    expect(eventFiles(directory)).toHaveLength(1)
    expect(readPoints(directory)).toEqual(['x@0=1', 'x@1=2', 'y@2=3'])
  })

  test('a later session starts a new file that sorts after, and leaves the old one as it is', async () => {
    const { context, directory } = testRun()
    let state = await deliver(createSink(), context, [[at(0, { x: 1 })]])
    const [first] = eventFiles(directory) as [string]
    const bytes = readFileSync(join(directory, first))
    for (const step of [1, 2]) state = await deliver(createSink(), context, [[at(step, { x: 1 })]], state)
    expect(eventFiles(directory)).toHaveLength(3)
    expect(eventFiles(directory)[0]).toBe(first)
    expect(readFileSync(join(directory, first)).equals(bytes)).toBe(true)
    expect(readPoints(directory)).toEqual(['x@0=1', 'x@1=1', 'x@2=1'])
  })

  test('a session that has nothing to write makes no file', async () => {
    const { context, directory } = testRun()
    const state = await deliver(createSink(), context, [[at(0, { x: 1 })]])
    const after = await deliver(createSink(), context, [[], [at(0, {})]], state)
    expect(readdirSync(directory)).toHaveLength(1)
    expect(after).toEqual(state)
  })

  test('a later session start is past every step of its directory, so that a reader purges nothing', async () => {
    const { context, directory } = testRun()
    let state = await deliver(createSink(), context, [
      [at(90, { x: 1 }), at(3, { y: 1 }), at(500, { x: 1 }, 1)],
    ])
    state = await deliver(createSink(), context, [[at(4, { y: 1 })]], state)
    await deliver(createSink(), context, [[at(5, { y: 1 }), at(-7, { z: 1 })]], state)
    expect(readEvents(directory).map((events) => events[1]!.step)).toEqual([0n, 91n, 91n])
  })

  test('names of metrics may come in another order in the next session', async () => {
    const { context, directory } = testRun()
    const state = await deliver(createSink(), context, [[at(0, { a: 1, b: 2 })]])
    const sink = createSink()
    await sink.open(context, state)
    await sink.write(new BatchBuilder(['c', 'b', 'a'], 1).batch(at(1, { a: 3, b: 4, c: 5 })))
    await sink.close({ status: 'running', endTime: START_TIME })
    expect(readPoints(directory)).toEqual(['a@0=1', 'b@0=2', 'a@1=3', 'b@1=4', 'c@1=5'])
  })
})
