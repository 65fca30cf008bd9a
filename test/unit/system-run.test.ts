/** The system monitor of a run: what reaches the run itself, its journal and its destinations. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { expect, onTestFinished, test, vi } from 'vitest'
import '@tensorflow/tfjs-backend-cpu'
import { init, type RunOptions } from '../../dist/src/index.js'
import { resolveOptions } from '../../dist/src/options/validate.js'
import type { LiveRun } from '../../dist/src/run/live-run.js'
import { verifyRun } from '../../dist/src/runs.js'
import { watchMemory } from '../../dist/src/tfjs/index.js'
import { temporaryDirectory } from '../support/directory.js'
import { mediaIn } from '../support/media-records.js'
import { until } from '../support/until.js'
import { readEvents } from './support/event-files.js'
import { machine, NVIDIA_SMI } from './support/machine.js'

const OFTEN = { system: { everyMs: 100 } }

const start = (options: RunOptions = {}): LiveRun =>
  init({ dir: temporaryDirectory(), git: false, handleSignals: false, plots: false, ...options }) as LiveRun

/** The values of each sample in the journal of a run that has ended. */
const samples = (run: LiveRun) =>
  mediaIn(run.dir).flatMap(({ step, time, record }) =>
    record.kind === 'system' ? [{ step, time, values: record.value!.values }] : [],
  )

test('run.system() is the newest sample, without waiting, and the journal has it too', async () => {
  const run = start({ sinks: ['jsonl'], monitor: OFTEN })
  expect(run.system()).toBe(null)
  run.log({ loss: 1 }, 41)
  // The first may be taken before this thread has told of itself.
  await until('there is a whole sample of that step', () => {
    const sample = run.system()
    return sample?.step === 41 && sample.values['nodejs.heap.usedMB'] !== undefined
  })
  const seen = run.system()!
  expect(Math.abs(Date.now() - seen.time)).toBeLessThan(60_000)
  expect(seen.values['proc.memory.rssMB']).toBeGreaterThan(10)
  expect(seen.values['nodejs.heap.usedMB']).toBeGreaterThan(1)
  await until('there is a newer one', () => run.system()!.time > seen.time)
  const { journaled } = await run.finish()
  const found = samples(run)
  expect(found).toContainEqual(seen)
  expect(journaled).toBe(1 + found.length)
  expect(run.system()!.time).toBeGreaterThanOrEqual(seen.time)
})

test('a training that never comes to its event loop is sampled all the same, and seen to be busy', async () => {
  const run = start({ sinks: ['jsonl'], monitor: OFTEN })
  run.log({ loss: 1 }, 1)
  const deadline = performance.now() + 20_000
  const isBusy = () => (run.system()?.values['nodejs.eventloop.delay.maxMs'] ?? 0) > 500
  while (!isBusy() && performance.now() < deadline) Math.sqrt(deadline)
  expect(isBusy()).toBe(true)
  expect(run.system()!.values['nodejs.eventloop.utilizationPercent']).toBeGreaterThan(50)
  await run.finish()
})

test('the GPUs of nvidia-smi are in the samples, and TensorBoard has them by step and time', async () => {
  const { env, program } = machine()
  program('nvidia-smi', NVIDIA_SMI)
  vi.stubEnv('PATH', env.PATH)
  onTestFinished(() => void vi.unstubAllEnvs())
  const run = start({ sinks: ['tensorboard'], monitor: OFTEN })
  run.log({ loss: 1 }, 7)
  await until('there is a sample with GPUs', () => run.system()?.values['gpu.0.gpu'] === 87)
  run.log({ loss: 0.5 }, 8)
  // A run may go back; what the machine does is looked at by the clock.
  run.log({ loss: 0.7 }, 3)
  const { time } = run.system()!
  await until('there are two more', () => run.system()!.time > time + 150)
  const { sinks } = await run.finish()
  const wanted = samples(run).filter(({ values }) => 'gpu.0.gpu' in values)
  const events = readEvents(join(run.dir, 'tensorboard')).flat()
  const shown = events.filter(({ scalars }) => scalars.some(({ tag }) => tag === 'system/gpu.0.gpu'))
  expect(shown.map(({ wallTime }) => wallTime)).toEqual(wanted.map(({ time }) => time / 1000))
  let highest = 0
  const steps = wanted.map(({ step }) => {
    highest = Math.max(highest, step)
    return BigInt(highest)
  })
  expect(shown.map(({ step }) => step)).toEqual(steps)
  expect(steps.at(-1)).toBeGreaterThan(3n)
  const tags = new Set(events.flatMap(({ scalars }) => scalars.map(({ tag }) => tag)))
  expect([...tags]).toEqual(expect.arrayContaining(['loss', 'system/cpu', 'system/gpu.1.temp']))
  expect([...tags].filter((tag) => tag.includes('cpu_percent'))).toEqual([])
  expect(sinks.tensorboard).toMatchObject({ pending: 0, deadLettered: 0 })
  expect(await verifyRun(run.dir)).toMatchObject({ sound: true })
})

test('the run ends the probe, and a run without monitor has none', async () => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const without = start({ sinks: [], monitor: { system: false } })
  expect(without.system()).toBe(null)
  await without.finish()
  expect(mediaIn(without.dir)).toEqual([])
  const run = start({ sinks: [], monitor: OFTEN })
  await run.finish()
  const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  expect(after).toBeLessThanOrEqual(before)
  expect(init({ mode: 'disabled' }).system()).toBe(null)
})

test('watchMemory() brings what TensorFlow.js holds into the samples, until the run ends', async () => {
  await tf.setBackend('cpu')
  const run = start({ sinks: ['jsonl'], monitor: OFTEN })
  const kept = [tf.ones([10]), tf.ones([5])]
  const watcher = watchMemory(run, tf, { everyMs: 10 })
  const { numTensors, numDataBuffers, numBytes } = tf.memory()
  await until('there is a sample with tensors', () => run.system()?.values['tfjs.numTensors'] === numTensors)
  expect(run.system()!.values).toMatchObject({
    'tfjs.numDataBuffers': numDataBuffers,
    'tfjs.numBytes': numBytes,
  })
  const leaked: tf.Tensor[] = []
  await until('the leak is told of', () => {
    leaked.push(tf.ones([3]))
    watcher.look()
    return readFileSync(join(run.dir, 'training.log'), 'utf8').includes('tf.tidy()')
  })
  expect(run.system()!.values['tfjs.numTensorsAboveLowest']).toBeGreaterThan(0)
  await run.finish()
  tf.dispose([...kept, ...leaked])
  watcher.look()
  watcher.stop()
})

test('watchMemory() says what is wrong before the training, and once where there is no monitor', async () => {
  const run = start({ sinks: [], monitor: { system: false } })
  expect(() => watchMemory(run, {} as never)).toThrow('`tf` has no "memory"')
  expect(() => watchMemory(run, tf, { everyMs: 0 })).toThrow('from 10 on')
  const warning = new Promise<Error>((resolve) => process.once('warning', resolve))
  watchMemory(run, tf).look()
  expect((await warning).message).toContain('turn `monitor.system` on')
  watchMemory(init({ mode: 'disabled' }), tf).look()
  await run.finish()
})

test('the monitor is on where nothing is said, and the environment may say how often, or never', () => {
  const monitor = (system: unknown, variable?: string) =>
    resolveOptions({ monitor: { system } } as RunOptions, { OFFSTEP_SYSTEM_MS: variable }).monitor
  expect(resolveOptions({}, {}).monitor).toEqual({ systemMs: 10_000, systemGc: false })
  expect(monitor(undefined, '0').systemMs).toBe(0)
  expect(monitor(undefined, '2500').systemMs).toBe(2500)
  expect(monitor({ gc: true }, '2500')).toEqual({ systemMs: 2500, systemGc: true })
  expect(monitor({ everyMs: 500 }, '0').systemMs).toBe(500)
  expect(monitor(true, '0').systemMs).toBe(10_000)
  expect(monitor(false, '2500').systemMs).toBe(0)
  expect(() => monitor(undefined, 'often')).toThrow(/environment variable OFFSTEP_SYSTEM_MS.*\n?.*give 0/)
  expect(() => monitor({ everyMs: 1 })).toThrow('from 100 to 3600000')
})
