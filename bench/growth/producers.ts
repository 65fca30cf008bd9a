import type { Measured, Settings } from '../benchmark.js'
import { withDirectory } from '../directory.js'
import { isolate } from '../isolate.js'
import { curve, exponentFigure, growthOf } from './rounds.js'

const PRODUCERS = [1, 2, 4, 8] as const
/** Not 0: from two threads on, cores are shared with the drain and with each other. */
const NEARLY_FLAT = 0.3

export async function byProducers({ quick }: Settings): Promise<Measured> {
  const work = quick ? { rows: 200_000, bursts: 20 } : { rows: 2_000_000, bursts: 100 }
  const growth = await growthOf(PRODUCERS, quick ? 1 : 3, (producers) =>
    withDirectory((dir) =>
      isolate<{ callNs: number; rowsPerSecond: number }>('growth-producers', { dir, producers, ...work }),
    ),
  )
  const call = curve(growth, 'callNs')
  const rate = curve(growth, 'rowsPerSecond')
  return {
    figures: [
      ...growth.map(([producers, { callNs, rowsPerSecond }]) => ({
        name: `rows of 10 into the journal, ${producers} producers`,
        measured: rowsPerSecond / 1e6,
        unit: 'M/s',
        note: `run.log ${Math.round(callNs)} ns where all log at once`,
      })),
      exponentFigure('run.log by producers', call, NEARLY_FLAT),
      exponentFigure('rows a second by producers', rate),
    ],
    charts: [
      {
        kind: 'curves',
        title: 'run.log as producers grow',
        x: 'producers',
        y: 'ns a call',
        lines: [{ name: 'run.log of 10 metrics', points: call }],
        note: 'All producers log at once, in bursts that their rings hold.',
      },
      {
        kind: 'curves',
        title: 'Into the journal as producers grow',
        x: 'producers',
        y: 'rows/s',
        lines: [{ name: 'rows of 10 metrics, of all producers', points: rate }],
      },
    ],
  }
}
