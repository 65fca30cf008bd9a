/**
 * Real TensorBoard reads back what the sink wrote: its Python reader (which checks each checksum), its
 * inspector, and its HTTP server with both of its loaders.
 */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { readWithEventAccumulator } from './support/event-accumulator.js'
import { pipelineRun, scalarsOfJsonLines } from './support/pipeline-run.js'
import { type Point, type Scalars, sorted } from './support/points.js'
import { python } from './support/python.js'
import { trainingRows } from './support/rows.js'
import { LOADERS, TensorBoardServer } from './support/server.js'
import { SinkRun } from './support/sink-run.js'

const loaders = Object.keys(LOADERS) as (keyof typeof LOADERS)[]

function logDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'offstep-tensorboard-'))
}

describe('a run of several sessions and two producers', () => {
  const logdir = logDirectory()
  const expected: Scalars = new Map()
  let directory: string

  beforeAll(async () => {
    const run = new SinkRun(logdir, 'run', expected)
    directory = run.directory
    await run.session(trainingRows(-60, 100))
    await run.session(trainingRows(40, 100))
    await run.session(trainingRows(140, 3))
  })
  afterAll(() => rmSync(logdir, { recursive: true }))

  test('is read back point for point by the Python reader', () => {
    const { scalars, log } = readWithEventAccumulator(logdir)
    expect(sorted(scalars)).toEqual(sorted(expected))
    expect(log).toBe('')
  })

  test('is read in full by the inspector', () => {
    const { stdout } = python('-m', 'tensorboard.main', '--inspect', '--logdir', directory)
    const inspected = (name: string) =>
      [...stdout.matchAll(new RegExp(`^ {3}${name} +(.*)$`, 'gm'))].map(([, value]) => value)
    // The starts of the three sessions; it takes files as the file system lists them.
    for (const steps of inspected('steps')) {
      expect(JSON.parse(steps!).sort((a: number, b: number) => a - b)).toEqual([0, 40, 140])
    }
    expect(inspected('min_step')).toEqual(['-1060', '-60'])
    expect(inspected('max_step')).toEqual(['142', '142'])
    expect(inspected('num_steps')).toEqual(['406', '203'])
  })

  test.each(loaders)('is served point for point by the %s loader', async (loader) => {
    const server = await startServer(logdir, loader)
    expect(sorted(await server.read(expected))).toEqual(sorted(expected))
    expect(server.log).not.toMatch(/read error|checksum|traceback/i)
  })
})

describe('a crash in the middle of a write', () => {
  test.each(loaders)(
    'loses and doubles no point for a server with the %s loader that watches',
    async (loader) => {
      const logdir = logDirectory()
      onTestFinished(() => rmSync(logdir, { recursive: true }))
      const expected: Scalars = new Map()
      const run = new SinkRun(logdir, 'run', expected)
      await run.session(trainingRows(0, 50))
      tearNewestFile(run.directory)
      const server = await startServer(logdir, loader)
      expect(sorted(await server.read(expected))).toEqual(sorted(expected))

      await run.session(trainingRows(50, 50))
      expect(sorted(await server.read(expected))).toEqual(sorted(expected))
      expect(server.log).not.toMatch(/read error|checksum|traceback/i)
    },
  )

  test('leaves files that every reader reads whole, once the rows came again', async () => {
    const logdir = logDirectory()
    onTestFinished(() => rmSync(logdir, { recursive: true }))
    const expected: Scalars = new Map()
    const run = new SinkRun(logdir, 'run', expected)
    await run.session([], trainingRows(0, 20))
    await run.session(trainingRows(0, 50), trainingRows(50, 20))
    tearNewestFile(run.directory)
    await run.session([], trainingRows(50, 20))
    tearNewestFile(run.directory)
    await run.session(trainingRows(50, 50))

    expect(sorted(readWithEventAccumulator(logdir).scalars)).toEqual(sorted(expected))
    for (const loader of loaders) {
      const server = await startServer(logdir, loader)
      expect(sorted(await server.read(expected))).toEqual(sorted(expected))
      expect(server.log).not.toMatch(/read error|checksum|traceback/i)
    }
  })
})

describe('a run of the whole package, from init() to finish()', () => {
  const logdir = logDirectory()
  afterAll(() => rmSync(logdir, { recursive: true }))

  test.each(loaders)('has every logged point in the %s loader', async (loader) => {
    const { reached, runDir, sink } = pipelineRun(join(logdir, loader), 5000)
    expect({ reached, ...sink }).toMatchObject({ reached: true, delivered: 5000, notApplicable: 0 })
    const expected = scalarsOfJsonLines(runDir, 'tensorboard')
    const server = await startServer(runDir, loader)
    expect(wholeMilliseconds(await server.read(expected))).toEqual(wholeMilliseconds(expected))
    expect(server.log).not.toMatch(/read error|checksum|traceback/i)
  })
})

/** The same with times rounded to what metrics.jsonl keeps of them. */
function wholeMilliseconds(scalars: Scalars) {
  const rounded = (points: readonly Point[]) =>
    points.map((point) => ({ ...point, wallTime: Math.round(point.wallTime * 1000) }))
  return sorted(scalars).map(([run, tags]) => [run, tags.map(([tag, points]) => [tag, rounded(points)])])
}

async function startServer(logdir: string, loader: keyof typeof LOADERS): Promise<TensorBoardServer> {
  const server = await TensorBoardServer.start(logdir, loader)
  onTestFinished(() => server.stop())
  return server
}

/** Leaves the first half of a record at the end (of the file's first one, again), as a write cut short does. */
function tearNewestFile(directory: string): void {
  const newest = readdirSync(directory)
    .filter((name) => name.includes('tfevents'))
    .sort()
    .at(-1)!
  const path = join(directory, newest)
  appendFileSync(path, readFileSync(path).subarray(0, 30))
}
