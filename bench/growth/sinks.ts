import type { SinkOption } from '../../src/index.js'
import type { Measured, Settings } from '../benchmark.js'
import { withDirectory } from '../directory.js'
import { isolate } from '../isolate.js'
import { curve, exponentFigure, growthOf } from './rounds.js'

const copy = (number: number): SinkOption => ({
  module: new URL('../sinks/copying.js', import.meta.url),
  name: `copy-${number}`,
  file: `copy-${number}.jsonl`,
})

const SINKS: readonly SinkOption[] = ['jsonl', 'csv', 'tensorboard', copy(1), copy(2), copy(3)]
const FLAT = 0.1

export async function bySinks({ quick }: Settings): Promise<Measured> {
  const bursts = quick ? 5 : 100
  const sizes = SINKS.map((_, index) => index + 1)
  const growth = await growthOf(sizes, quick ? 1 : 3, (count) =>
    withDirectory((dir) =>
      isolate<{ callNs: number; rowsPerSecond: number }>('growth-sinks', {
        dir,
        sinks: SINKS.slice(0, count),
        bursts,
      }),
    ),
  )
  const call = curve(growth, 'callNs')
  const rate = curve(growth, 'rowsPerSecond')
  return {
    figures: [
      ...growth.map(([count, { callNs, rowsPerSecond }]) => ({
        name: `rows of 10 to ${count} of jsonl, csv, tensorboard, 3 copies`,
        measured: rowsPerSecond,
        unit: 'rows/s',
        note: `run.log ${Math.round(callNs)} ns meanwhile`,
      })),
      exponentFigure('run.log by sinks', call, FLAT),
      exponentFigure('rows a second by sinks', rate),
    ],
    charts: [
      {
        kind: 'curves',
        title: 'run.log as sinks grow',
        x: 'sinks',
        y: 'ns a call',
        lines: [{ name: 'run.log of 10 metrics', points: call }],
      },
      {
        kind: 'curves',
        title: 'Delivered to all as sinks grow',
        x: 'sinks',
        y: 'rows/s',
        lines: [{ name: 'rows of 10 metrics', points: rate }],
      },
    ],
  }
}
