/** What a monitor measures of a training, by a clock that the test sets; rows are those of a real producer. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TrainingMonitor } from '../../src/monitor/training/monitor.js'
import { StepHistogram } from '../../src/monitor/training/step-histogram.js'
import type { TrainingMonitorOptions } from '../../src/monitor/training/types.js'
import { ProducerFixture } from './support/producer.js'

class Training {
  readonly fixture = new ProducerFixture()
  readonly monitor: TrainingMonitor
  now = 1000

  constructor(options: TrainingMonitorOptions = {}) {
    this.monitor = new TrainingMonitor(this.fixture.producer, options, () => this.now)
  }

  wait(ms: number): void {
    this.now += ms
  }

  /** Steps of so many milliseconds each, the first of which starts the clock. */
  steps(count: number, ms: number, from = 0): void {
    for (let step = from; step < from + count; step++) {
      this.now += ms
      this.monitor.step({ loss: 1 }, step)
    }
  }

  /** Rows of the monitor alone, as objects with their step. */
  rows(): { [name: string]: number | bigint }[] {
    return this.fixture
      .rows()
      .map(({ step, values }) => ({ step, ...Object.fromEntries(values) }))
      .filter((row) => Object.keys(row).some((name) => name.includes('/')))
  }
}

test('throughput is by the steps since the last row, with samples and tokens where their number is known', () => {
  const training = new Training({ every: 10, batchSize: 32, tokensPerStep: 1000 })
  training.steps(11, 100)
  training.steps(10, 50, 11)
  expect(training.rows()).toMatchObject([
    {
      step: 9,
      'throughput/steps_per_sec': 10,
      'throughput/samples_per_sec': 320,
      'throughput/tokens_per_sec': 10_000,
      'time/step_ms_max': 100,
      'time/stalls': 0,
    },
    { step: 19, 'time/step_ms_max': 100 },
  ])
})

test('a training that tells nothing of itself has no samples, tokens, data or progress in its rows', () => {
  const training = new Training({ every: 5 })
  training.steps(5, 100)
  expect(Object.keys(training.rows()[0]!)).toEqual([
    'step',
    'throughput/steps_per_sec',
    'time/step_ms_p50',
    'time/step_ms_p90',
    'time/step_ms_p99',
    'time/step_ms_max',
    'time/stalls',
  ])
})

test('a step that is higher by more than one counts as so many steps', () => {
  const training = new Training({ every: 3 })
  for (const step of [0, 100, 200]) {
    training.now += 1000
    training.monitor.step({}, step)
  }
  expect(training.rows()).toMatchObject([{ 'throughput/steps_per_sec': 100, step: 200 }])
})

test('loading is a share of the time, told by calls, by a function, or by the batches', async () => {
  const training = new Training({ every: 4 })
  const { monitor } = training
  const wait = (ms: number) => training.wait(ms)
  monitor.step({}, 0)
  monitor.startData()
  wait(30)
  monitor.endData()
  wait(70)
  monitor.step({}, 1)
  const load = () => {
    wait(50)
    return 'batch'
  }
  expect(monitor.data(load)).toBe('batch')
  wait(50)
  monitor.step({}, 2)
  async function* source() {
    wait(10)
    yield 'a'
    wait(10)
  }
  for await (const batch of monitor.batches(source())) {
    expect(batch).toBe('a')
    wait(80)
  }
  monitor.step({}, 3)
  expect(training.rows()[0]!['time/data_share']).toBeCloseTo((30 + 50 + 20) / 300, 6)
})

test('what loading throws or rejects with comes through, and its time counts', async () => {
  const { monitor } = new Training()
  expect(() =>
    monitor.data(() => {
      throw new Error('sync')
    }),
  ).toThrow('sync')
  await expect(monitor.data(() => Promise.reject(new Error('async')))).rejects.toThrow('async')
  await expect(monitor.untimed(async () => 7)).resolves.toBe(7)
})

test('a validation that is untimed is in no step', () => {
  const training = new Training({ every: 3 })
  training.steps(2, 100)
  training.monitor.untimed(() => training.wait(60_000))
  training.steps(1, 100, 2)
  expect(training.rows()).toMatchObject([{ 'time/step_ms_max': 100, 'throughput/steps_per_sec': 10 }])
})

test('a step of many times the median is a stall, once there is a median', () => {
  const training = new Training({ every: 10, stallFactor: 3 })
  training.steps(1, 0)
  training.steps(5, 1000, 1)
  training.steps(14, 100, 6)
  training.steps(1, 250, 20)
  training.steps(1, 400, 21)
  expect(training.monitor.summary()).toMatchObject({ stalls: 1, steps: 21 })
})

test('progress and the remaining time are by the steps of the whole, or by its epochs', () => {
  const training = new Training({ every: 10, totalEpochs: 2, stepsPerEpoch: 20 })
  training.steps(20, 100)
  expect(training.rows()).toMatchObject([
    { 'progress/percent': 25, 'progress/epoch': 0.5, 'progress/eta_s': expect.closeTo(3, 6) },
    { 'progress/percent': 50, 'progress/epoch': 1, 'progress/eta_s': expect.closeTo(2, 6) },
  ])
  const over = new Training({ every: 10, totalSteps: 5 })
  over.steps(10, 100)
  expect(over.rows()).toMatchObject([{ 'progress/percent': 100, 'progress/eta_s': 0 }])
})

test('the best value of a validation metric is kept, with how long ago that was and the gap to training', () => {
  const training = new Training()
  const { monitor } = training
  for (const [step, loss] of [2, 0.4, 0.5, Number.NaN].entries()) {
    monitor.step({ loss: 0.4 }, step * 10)
    monitor.log({ val_loss: loss, val_accuracy: 1 - loss, other: 1 })
  }
  const rows = training.rows()
  expect(rows[2]).toEqual({
    step: 20,
    'best/val_loss': 0.4,
    'best_step/val_loss': 10,
    'steps_since_best/val_loss': 10,
    'generalization_gap/val_loss': expect.closeTo(0.25, 6),
    'best/val_accuracy': 0.6,
    'best_step/val_accuracy': 10,
    'steps_since_best/val_accuracy': 10,
  })
  // A NaN is no value: nothing has changed.
  expect(rows).toHaveLength(3)
  expect(monitor.summary().best).toEqual({
    val_loss: { value: 0.4, step: 10 },
    val_accuracy: { value: 0.6, step: 10 },
  })
})

test('named metrics alone are kept, in the direction that is said', () => {
  const training = new Training({ best: ['x'], goals: { x: 'maximize' } })
  for (const x of [1, 3, 2]) training.monitor.step({ x, val_loss: x })
  expect(training.monitor.summary().best).toEqual({ x: { value: 3, step: 1 } })
})

test('wrong options are left out and the training goes on; so it does where values are none', () => {
  const training = new Training({ every: 0, batchSize: Number.NaN, totalSteps: '9' as never })
  training.monitor.step(null as never, 0)
  training.monitor.step(
    {
      get bad(): number {
        throw new Error('no')
      },
    },
    1,
  )
  training.monitor.step({}, Number.NaN)
  training.steps(60, 10, 3)
  expect(training.rows()[0]).not.toHaveProperty('progress/percent')
})

test('a percentile is within 1.6 % of the true one, whatever the durations are', () => {
  const durations = fc.array(fc.double({ min: 0.001, max: 1e8, noNaN: true }), {
    minLength: 1,
    maxLength: 300,
  })
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.9, 0.99, 1), (values, share) => {
      const histogram = new StepHistogram()
      for (const value of values) histogram.add(value)
      const sorted = [...values].sort((a, b) => a - b)
      const exact = sorted[Math.ceil(share * sorted.length) - 1]!
      expect(Math.abs(histogram.percentile(share) - exact) / exact).toBeLessThan(0.016)
    }),
  )
})

test('counts are taken in whole, and durations beyond the buckets count at the ends', () => {
  const [all, part] = [new StepHistogram(), new StepHistogram()]
  for (const ms of [0, 1e-9, 5, 1e300]) part.add(ms)
  all.absorb(part)
  expect([all.count, part.count, part.times()]).toEqual([4, 0, null])
  expect(all.times()!.max).toBe(1e300)
  expect(all.percentile(0.75)).toBeCloseTo(5, 0)
})
