import type { Chart } from '../chart.js'
import { median } from '../statistics.js'
import { added, TITLES } from './figures.js'
import { type Compared, VARIANTS } from './measured.js'

export function chartsOf(name: string, compared: Compared): Chart[] {
  if (compared.rounds.length === 0) return []
  const trackers = VARIANTS.filter((variant) => variant !== 'none')
  return [
    {
      kind: 'percentiles',
      title: `Time of a training step: ${name}`,
      note: 'Tracker and event loop included; the lines lie on top of each other where a tracker costs nothing.',
      lines: VARIANTS.map((variant) => ({
        name: TITLES[variant],
        latencies: compared.distributions[variant],
      })),
    },
    {
      kind: 'bars',
      title: `Added to the training time: ${name}`,
      note: 'Median of the rounds, against the same steps without a tracker.',
      unit: '%',
      bars: trackers.map((variant) => ({
        name: TITLES[variant],
        value: median(added(compared, variant, 'none', 'meanMs')),
        ours: variant === 'offstep',
      })),
    },
  ]
}
