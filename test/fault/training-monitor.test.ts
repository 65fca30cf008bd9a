/** A monitor in a real run: its rows are in the files of the run, and its summary in summary.json. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { init } from '../../dist/src/index.js'
import { trainingMonitor } from '../../dist/src/monitor/training/index.js'
import { temporaryDirectory } from '../support/directory.js'

test('rows of the monitor are rows of the run, and the whole is in its summary', async () => {
  const run = init({
    dir: temporaryDirectory(),
    git: false,
    handleSignals: false,
    sinks: ['jsonl'],
    monitor: { system: false },
  })
  const monitor = trainingMonitor(run, { totalSteps: 100, batchSize: 8, every: 10 })
  for (let step = 0; step < 100; step++) monitor.step({ loss: 1 / (step + 1) }, step)
  monitor.log({ val_loss: 0.5 }, 99)
  const summary = monitor.finish()
  await run.finish()
  const lines = readFileSync(join(run.dir, 'metrics.jsonl'), 'utf8').trim().split('\n')
  const rows = lines.map((line) => JSON.parse(line) as Record<string, number>)
  expect(rows.filter((row) => 'loss' in row)).toHaveLength(100)
  const own = rows.filter((row) => 'progress/percent' in row)
  expect(own.map((row) => row['progress/percent'])).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
  for (const row of own) expect(row['throughput/samples_per_sec']).toBeGreaterThan(0)
  expect(rows.some((row) => row['best/val_loss'] === 0.5)).toBe(true)
  const { values, metrics } = JSON.parse(readFileSync(join(run.dir, 'summary.json'), 'utf8'))
  expect(values.train_steps_per_second).toBe(summary.stepsPerSecond)
  expect(values.train_samples_per_second).toBe(summary.samplesPerSecond)
  expect(values.train_runtime).toBe(summary.seconds)
  expect(metrics['throughput/samples_per_sec'].best.goal).toBe('maximize')
})
