import type { Figure } from '../benchmark.js'
import { withDirectory } from '../directory.js'
import { isolate } from '../isolate.js'
import { median } from '../statistics.js'

/** Nanoseconds per call, by round. */
interface Times {
  readonly scalar: readonly number[]
  readonly bareScalar: readonly number[]
  readonly row: readonly number[]
  readonly bareRow: readonly number[]
  readonly dropped: number
}

/** A log call beside bare stores of the same bytes and one read of the clock. */
export async function callFigures(quick: boolean): Promise<Figure[]> {
  const times = await withDirectory((dir) =>
    isolate<Times>('limits-call', { dir, rounds: quick ? 40 : 300, calls: 8000 }),
  )
  const figure = (name: string, ours: readonly number[], bare: readonly number[]): Figure => ({
    name,
    measured: median(ours.map((time, round) => time / bare[round]!)),
    unit: 'x',
    target: { atMost: 2 },
    note: `${median(ours).toFixed(1)} of ${median(bare).toFixed(1)} ns`,
  })
  return [
    figure('scalar.log: of bare stores and Date.now()', times.scalar, times.bareScalar),
    figure('run.log of 10: of its literal, bare stores and Date.now()', times.row, times.bareRow),
    { name: 'rows dropped meanwhile', measured: times.dropped, unit: '', target: { atMost: 0 } },
  ]
}
