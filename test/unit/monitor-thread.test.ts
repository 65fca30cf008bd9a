import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import type { Sample } from '../../src/monitor/system/sample.js'
import { BEAT_MS, F64, now, SystemMemory } from '../../src/monitor/system/shared-memory.js'
import { TensorMeter } from '../../src/monitor/system/tensors.js'
import { TrainingThreadMeter } from '../../src/monitor/system/training-thread.js'
import { SystemProbe } from '../../src/run/system/probe.js'
import { until } from '../support/until.js'

function probed(gc = false): SystemProbe {
  const probe = new SystemProbe({ gc })
  onTestFinished(() => probe.stop())
  return probe
}

const beats = ({ memory }: SystemProbe): number => memory.numbers[F64.BEATS]!

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end) Math.sqrt(end)
}

const look = (meter: { sample(into: Sample): void }): Sample => {
  const values: Sample = {}
  meter.sample(values)
  return values
}

test('an event loop that turns is idle for most of the time', async () => {
  const probe = probed()
  const meter = new TrainingThreadMeter(probe.memory)
  const start = beats(probe)
  await until('the loop has turned for a while', () => beats(probe) >= start + 3, { everyMs: 20 })
  const values = look(meter)
  expect(values['nodejs.eventloop.utilizationPercent']).toBeLessThan(70)
  expect(values['nodejs.heap.usedMB']).toBeGreaterThan(1)
  expect(values['nodejs.heap.limitMB']).toBeGreaterThan(values['nodejs.heap.usedMB']!)
  expect(values).not.toHaveProperty(['nodejs.gc.count'])
})

test('a thread that does not come to its event loop is late and busy, by what it has not said', async () => {
  const probe = probed()
  await until('it has begun', () => beats(probe) > 0)
  const meter = new TrainingThreadMeter(probe.memory)
  block(3 * BEAT_MS)
  // Still blocked: no beat has come since.
  const during = look(meter)
  expect(during['nodejs.eventloop.delay.maxMs']).toBeGreaterThan(BEAT_MS)
  expect(during['nodejs.eventloop.utilizationPercent']).toBeGreaterThan(90)
  block(2 * BEAT_MS)
  const seen = beats(probe)
  await until('the loop turns again', () => beats(probe) > seen)
  const after = look(meter)
  expect(after['nodejs.eventloop.delay.maxMs']).toBeGreaterThan(3 * BEAT_MS)
})

test('the longest delay is that of the time since the last sample', async () => {
  const probe = probed()
  const meter = new TrainingThreadMeter(probe.memory)
  block(4 * BEAT_MS)
  await until('the loop turns again', () => beats(probe) > 0)
  const first = look(meter)['nodejs.eventloop.delay.maxMs']!
  expect(first).toBeGreaterThan(2 * BEAT_MS)
  const seen = beats(probe)
  await until('it has turned some more', () => beats(probe) >= seen + 2)
  expect(look(meter)['nodejs.eventloop.delay.maxMs']).toBeLessThan(first)
})

test('garbage collections are counted where that is asked for', async () => {
  const probe = probed(true)
  const meter = new TrainingThreadMeter(probe.memory)
  let kept: unknown[] = []
  await until(
    'there was a collection',
    () => {
      kept = Array.from({ length: 100_000 }, (_, index) => ({ index }))
      return probe.memory.numbers[F64.GC_COUNT]! > 0
    },
    { everyMs: 1 },
  )
  expect(kept).toHaveLength(100_000)
  const values = look(meter)
  expect(values['nodejs.gc.count']).toBeGreaterThan(0)
  expect(values['nodejs.gc.pauseMs']).toBeGreaterThan(0)
})

test('a probe that is stopped says nothing more', async () => {
  const [probe, other] = [probed(), probed()]
  await until('both have begun', () => beats(probe) > 0 && beats(other) > 0)
  probe.stop()
  const [last, start] = [beats(probe), beats(other)]
  await until('the other has gone on', () => beats(other) > start + 1)
  expect(beats(probe)).toBe(last)
  expect(probe.stopped).toBe(true)
})

test('a snapshot is whole, whoever reads it while the next ones are written', async () => {
  const memory = new SystemMemory()
  expect(memory.latest()).toBe(null)
  const code = `
    const { workerData: { buffer, url } } = require('node:worker_threads')
    import(url).then(({ SystemMemory }) => {
      const memory = new SystemMemory(buffer)
      for (let n = 1; n <= 20000; n++) {
        memory.publish({ time: n, step: n, values: Object.fromEntries(Array.from({ length: 1 + (n % 50) }, (_, i) => ['v' + i, n])) })
      }
    })`
  const url = new URL('../../dist/src/monitor/system/shared-memory.js', import.meta.url).href
  const worker = new Worker(code, { eval: true, workerData: { buffer: memory.buffer, url } })
  let ended = false
  worker.once('exit', () => {
    ended = true
  })
  let read = 0
  let newest = 0
  await until('all are written', () => {
    for (let n = 0; n < 200; n++) {
      const snapshot = memory.latest()
      if (snapshot === null) continue
      const { time, values } = snapshot
      expect(Object.values(values)).toEqual(Array.from({ length: 1 + (time % 50) }, () => time))
      expect(time).toBeGreaterThanOrEqual(newest)
      newest = time
      read++
    }
    return ended
  })
  expect(memory.latest()!.time).toBe(20_000)
  expect(read).toBeGreaterThan(0)
})

test('a snapshot that is too long is not taken, and the one before stays', () => {
  const memory = new SystemMemory()
  const values = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`cpu.${index}.cpu_percent`, 12.34]))
  expect(memory.publish({ time: 1, step: 0, values: values(1000) })).toBe(true)
  expect(memory.publish({ time: 2, step: 0, values: values(10_000) })).toBe(false)
  expect(memory.latest()!.time).toBe(1)
})

test('tensors that grow with each sample are told of, with what to do; a batch that holds some is no leak', () => {
  const probe = probed()
  const warnings: string[] = []
  const meter = new TensorMeter(probe.memory, (message) => warnings.push(message))
  expect(look(meter)).toEqual({})
  const sample = (...counts: number[]) => {
    for (const count of counts) probe.tensors(count, count - 1, count * 4)
    const values = look(meter)
    probe.memory.nextPeriod()
    return values
  }
  // Between two batches there are 10; within each, ever more.
  for (let n = 0; n < 20; n++) sample(10, 50 + n)
  expect(warnings).toEqual([])
  expect(sample(90, 10, 60)).toEqual({
    'tfjs.numTensors': 60,
    'tfjs.numDataBuffers': 59,
    'tfjs.numBytes': 240,
    'tfjs.numTensorsAboveLowest': 0,
  })
  for (let n = 1; n <= 9; n++) sample(10 + n)
  expect(warnings).toEqual([])
  expect(sample(20)['tfjs.numTensorsAboveLowest']).toBe(10)
  expect(warnings.join()).toContain('from 10 to 20')
  expect(warnings.join()).toContain('tf.tidy()')
})

test('all threads of a process have one clock', async () => {
  const url = new URL('../../dist/src/monitor/system/shared-memory.js', import.meta.url).href
  const code = `import(${JSON.stringify(url)}).then(({ now }) => require('node:worker_threads').parentPort.postMessage(now()))`
  const before = now()
  const worker = new Worker(code, { eval: true })
  const there = await new Promise<number>((resolve) => worker.once('message', resolve))
  // Each thread rounds the moment from which it counts.
  expect(there).toBeGreaterThan(before - 2)
  expect(there).toBeLessThan(now() + 2)
})
