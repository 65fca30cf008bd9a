import { type Benchmark, type Figure, type Settings, secondsOf } from './benchmark.js'
import { withDirectory } from './directory.js'
import { isolate } from './isolate.js'
import { median, quantile } from './statistics.js'

interface Training {
  readonly tracked: readonly number[]
  readonly disabled: readonly number[]
  readonly bare: readonly number[]
  readonly dropped: number
  readonly size: number
}

const STEP_MS = 5
const BLOCK_SECONDS = 3 * 10 * STEP_MS * 0.001

export const training: Benchmark = {
  name: 'training',
  about: 'a training step of 5 ms with 20 metrics logged, against the same without',
  scopes: ['training'],
  async run(settings: Settings): Promise<Figure[]> {
    const seconds = secondsOf(settings, 60, 6)
    const blocks = Math.max(3, Math.round(seconds / BLOCK_SECONDS))
    const result = await withDirectory((dir) =>
      isolate<Training>('training', { dir, blocks, stepMs: STEP_MS }),
    )
    const against = (other: readonly number[]) =>
      result.tracked.map((time, i) => (time / other[i]! - 1) * 100)
    const figure = (name: string, percent: readonly number[]): Figure => ({
      name,
      measured: median(percent),
      unit: '%',
      target: { atMost: 0.5 },
      note: `quartiles ${quantile(percent, 0.25).toFixed(2)} and ${quantile(percent, 0.75).toFixed(2)} of ${blocks} pairs`,
    })
    return [
      {
        name: 'step without tracker',
        measured: median(result.bare),
        unit: 'ms',
        note: `product of two ${result.size} x ${result.size} matrices`,
      },
      figure('added to the step, against no call', against(result.bare)),
      figure('added to the step, against mode disabled', against(result.disabled)),
      { name: 'rows dropped', measured: result.dropped, unit: '', target: { atMost: 0 } },
    ]
  },
}
