import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, relative } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { summaryFileWriter } from '../../src/tfjs/tensorboard/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { until } from '../support/until.js'
import { eventFiles } from '../unit/support/event-files.js'
import { LateTensor } from './support/late-tensor.js'
import { tf, warningsSoFar } from './support/run.js'
import { eventsIn, pointsIn, tagsIn, valuesIn } from './support/tensorboard-files.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const turn = () => new Promise(setImmediate)

test('a new writer makes its directory and a file that begins with the version', () => {
  const logdir = join(temporaryDirectory(), 'a', 'b')
  summaryFileWriter(logdir)
  expect(eventsIn(logdir).map(({ fileVersion }) => fileVersion)).toEqual(['brain.Event:2'])
  const [name] = eventFiles(logdir)
  expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\..+\.\d+\.v2$/)
  expect(name).toContain(`.${hostname()}.${process.pid}.`)
})

test('filenameSuffix ends the name of the file, after a dot', () => {
  const [dotted, plain] = [temporaryDirectory(), temporaryDirectory()]
  summaryFileWriter(dotted, 10, 120_000, '.mine')
  summaryFileWriter(plain, 10, 120_000, 'mine')
  for (const logdir of [dotted, plain]) expect(eventFiles(logdir)[0]).toMatch(/\d\.mine$/)
})

test('a new file sorts after those that are there, also after one from the future', () => {
  const logdir = temporaryDirectory()
  const later = join(logdir, `events.out.tfevents.${'9'.repeat(9)}0.zzz`)
  writeFileSync(later, '')
  summaryFileWriter(logdir)
  expect(eventFiles(logdir)).toHaveLength(2)
  expect(join(logdir, eventFiles(logdir)[0]!)).toBe(later)
})

test('one directory has one writer, however it is written', () => {
  const logdir = temporaryDirectory()
  expect(summaryFileWriter(relative('.', logdir), 3)).toBe(summaryFileWriter(`${logdir}/`))
  expect(summaryFileWriter(logdir)).not.toBe(summaryFileWriter(temporaryDirectory()))
})

test.each([
  [['' as string], 'Invalid logdir: . Expected a non-empty string for logdir.'],
  [[undefined as never], 'Invalid logdir: undefined. Expected a non-empty string for logdir.'],
  [['logs', -1], 'Invalid maxQueue: -1.'],
  [['logs', 10, Number.NaN], 'Invalid flushMillis: NaN.'],
] as const)('the arguments %j are refused', (args, message) => {
  expect(() => summaryFileWriter(...(args as [string]))).toThrow(message)
})

test('numbers and tensors are written in the order of the calls, with their step and the time of the call', async () => {
  const logdir = temporaryDirectory()
  const writer = summaryFileWriter(logdir)
  const before = Date.now() / 1000
  writer.scalar('a', tf.scalar(0.5), 0)
  writer.scalar('b', 1.5, 7)
  writer.scalar('a', tf.scalar(2, 'int32'), 1)
  writer.scalar('a', tf.scalar(true), -2)
  writer.scalar('a', Number.NaN, 2 ** 40)
  const after = Date.now() / 1000
  await writer.drain()
  const points = pointsIn(logdir)
  expect(points.map(({ tag, step, value }) => [tag, step, value])).toEqual([
    ['a', 0, 0.5],
    ['b', 7, 1.5],
    ['a', 1, 2],
    ['a', -2, 1],
    ['a', 2 ** 40, Number.NaN],
  ])
  expect(points.every(({ wallTime }) => wallTime >= before && wallTime <= after)).toBe(true)
  expect(writer.status()).toEqual({ written: 5, waiting: 0, warnings: {} })
})

test('a tensor may be disposed right after the call, in a tidy too, and its clone is given back', async () => {
  const logdir = temporaryDirectory()
  const writer = summaryFileWriter(logdir)
  const { numTensors } = tf.memory()
  tf.tidy(() => {
    for (let step = 0; step < 200; step++) writer.scalar('a', tf.scalar(step), step)
  })
  await writer.drain()
  expect(valuesIn(logdir, 'a')).toEqual(Array.from({ length: 200 }, (_, step) => step))
  expect(tf.memory().numTensors).toBe(numTensors)
})

test('flush() is synchronous: the tensors before it are in the file when it returns', () => {
  const logdir = temporaryDirectory()
  const writer = summaryFileWriter(logdir)
  writer.scalar('a', tf.scalar(0.25), 0)
  writer.histogram('h', tf.tensor1d([0, 1]), 0)
  expect(tagsIn(logdir)).toEqual([])
  writer.flush()
  expect(tagsIn(logdir)).toEqual(['a@0', 'h@0'])
})

test('a file has its version once, however often it is flushed and opened again', async () => {
  const logdir = temporaryDirectory()
  const writer = summaryFileWriter(logdir)
  for (const step of [1, 2, 3, 4]) {
    writer.scalar('a', step, step)
    if (step % 2 === 0) await writer.drain()
    else writer.flush()
  }
  expect(eventsIn(logdir).map(({ fileVersion, value }) => fileVersion ?? value)).toEqual([
    'brain.Event:2',
    ...[1, 2, 3, 4],
  ])
  expect(eventFiles(logdir)).toHaveLength(1)
})

test.skipIf(process.platform !== 'linux')('after drain() no file is held open', async () => {
  const logdir = temporaryDirectory()
  const writer = summaryFileWriter(logdir)
  const open = () => readdirSync('/proc/self/fd').filter((fd) => linkOf(fd)?.startsWith(logdir)).length
  writer.scalar('a', 1, 1)
  writer.flush()
  expect(open()).toBe(1)
  await writer.drain()
  expect(open()).toBe(0)
})

/** What a descriptor of this process stands for; undefined for the one that lists them. */
function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined
  }
}

test('maxQueue events stay in memory, one more writes them all', () => {
  const logdir = temporaryDirectory()
  const writer = summaryFileWriter(logdir, 2)
  writer.scalar('a', 1, 1)
  writer.scalar('a', 2, 2)
  expect(tagsIn(logdir)).toEqual([])
  writer.scalar('a', 3, 3)
  expect(tagsIn(logdir)).toEqual(['a@1', 'a@2', 'a@3'])
})

test('after flushMillis fewer events are written too', async () => {
  const logdir = temporaryDirectory()
  summaryFileWriter(logdir, 10, 1).scalar('a', 1, 1)
  await until('the event is written', () => tagsIn(logdir).length === 1)
})

test('a device that cannot be read synchronously holds back what follows, until it answers', async () => {
  const logdir = temporaryDirectory()
  const writer = summaryFileWriter(logdir)
  const tensors = [new LateTensor(), new LateTensor()]
  writer.scalar('a', tensors[0]!, 1)
  writer.scalar('a', tensors[1]!, 2)
  writer.scalar('a', 3, 3)
  writer.flush()
  expect(writer.status()).toMatchObject({ written: 0, waiting: 3 })
  tensors[1]!.answer(2)
  await turn()
  expect(tagsIn(logdir)).toEqual([])
  tensors[0]!.answer(1)
  await turn()
  // The flush() from before has its effect now.
  expect(valuesIn(logdir, 'a')).toEqual([1, 2, 3])
  expect(tensors.every(({ isDisposed }) => isDisposed)).toBe(true)
})

test('a tensor that the device cannot give is counted and warned of, and those around it are written', async () => {
  const warnings = warningsSoFar()
  const logdir = temporaryDirectory()
  const writer = summaryFileWriter(logdir)
  const lost = new LateTensor()
  writer.scalar('a', tf.scalar(1), 1)
  writer.scalar('a', lost, 2)
  writer.scalar('a', tf.scalar(3), 3)
  lost.fail()
  await writer.drain()
  await turn()
  expect(valuesIn(logdir, 'a')).toEqual([1, 3])
  expect(writer.status()).toEqual({ written: 2, waiting: 0, warnings: { 'tensor-unread': 1 } })
  expect(warnings).toEqual([expect.stringContaining('the device is lost')])
})

test("scalar() refuses wrong arguments in tfjs-node's words", () => {
  const writer = summaryFileWriter(temporaryDirectory())
  expect(() => writer.scalar('a', 1, 1, 'what it is')).toThrow('scalar() does not support description yet')
  expect(() => writer.scalar('a', 1, 0.5)).toThrow('step is expected to be an integer, but is instead 0.5')
  expect(() => writer.scalar('a', tf.tensor1d([1]), 1)).toThrow('A non-scalar tensor (rank 1) is passed')
  expect(() => writer.histogram('h', tf.scalar(1), 0.5)).toThrow('step is expected to be an integer')
})

test('a disposed tensor, or none at all, is counted and warned of once, and nothing is thrown', async () => {
  const warnings = warningsSoFar()
  const writer = summaryFileWriter(temporaryDirectory())
  const gone = tf.scalar(1)
  gone.dispose()
  writer.scalar('a', gone, 1)
  writer.histogram('h', gone, 1)
  writer.scalar('a', undefined as never, 1)
  writer.histogram('h', [1, 2] as never, 1)
  writer.histogram('h', tf.tensor(['text']) as never, 1)
  await writer.drain()
  await turn()
  expect(writer.status()).toEqual({
    written: 0,
    waiting: 0,
    warnings: { 'tensor-unread': 2, 'value-refused': 3 },
  })
  expect(warnings).toHaveLength(2)
  expect(warnings[0]).toContain('Log it before it is disposed.')
  expect(warnings[1]).toContain('give a number or a tensor')
})
