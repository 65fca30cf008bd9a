import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SinkState } from '../../src/sinks/sink.js'
import { createSink } from '../../src/sinks/tensorboard/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from './support/batches.js'
import { readEvents } from './support/event-files.js'
import { mediaRow } from './support/media-records.js'
import { runDirectory, sinkContext } from './support/sink-run.js'

const sample = (values: Record<string, number>, step: number, seconds: number): RowLiteral =>
  mediaRow({ kind: 'system', name: 'system', producer: 0, value: { values } }, step, {
    time: START_TIME + seconds * 1000,
  })

/** One session of the sink: what it says of the batch, and what the next session gets. */
async function session(runDir: string, rows: readonly RowLiteral[], state: SinkState | null = null) {
  const sink = createSink()
  await sink.open(sinkContext(runDir), state)
  const result = await sink.write(new BatchBuilder().batchOf(rows))
  await sink.close({ status: 'running', endTime: START_TIME })
  return result
}

const points = (runDir: string): string[] =>
  readEvents(join(runDir, 'tensorboard'))
    .flat()
    .flatMap(({ step, wallTime, scalars }) =>
      scalars.map(({ tag, value }) => `${tag}@${step}=${value} +${wallTime - START_TIME / 1000}`),
    )

test('a sample is one event of scalars, at the step and the time that it was taken', async () => {
  const runDir = runDirectory()
  const result = await session(runDir, [
    { step: 4, metrics: { loss: 1 } },
    sample({ cpu: 25, 'gpu.0.gpu': 50, 'cpu.0.cpu_percent': 99 }, 4.9, 10),
  ])
  expect(result).toMatchObject({ notApplicable: 0, rejected: [] })
  expect(points(runDir).slice(1)).toEqual(['system/cpu@4=25 +10', 'system/gpu.0.gpu@4=50 +10'])
})

test('where the training goes back, samples stay at the highest step, also in the next session', async () => {
  const runDir = runDirectory()
  const { state } = await session(runDir, [sample({ cpu: 1 }, 9, 10), sample({ cpu: 2 }, 3, 20)])
  await session(runDir, [sample({ cpu: 3 }, 4, 30), sample({ cpu: 4, memory_percent: 5 }, 12, 40)], state)
  expect(points(runDir)).toEqual([
    'system/cpu@9=1 +10',
    'system/cpu@9=2 +20',
    'system/cpu@9=3 +30',
    'system/cpu@12=4 +40',
    'system/memory_percent@12=5 +40',
  ])
})

test('a sample of which TensorBoard shows nothing does not apply to it', async () => {
  const result = await session(runDirectory(), [
    sample({ 'cpu.0.cpu_percent': 1 }, 0, 10),
    sample({ cpu: 1 }, 2 ** 60, 20),
  ])
  expect(result).toMatchObject({ notApplicable: 2 })
})
