import type { TopLevelSpec } from 'vega-lite'
import type { Line } from '../data/lines.js'
import { splitOf } from '../names.js'
import type { Theme } from '../theme.js'
import { colorsOf } from './colors.js'
import { lineChart } from './line-chart.js'
import { bestLayers, gapAfter, gapLayer, lowestPoint } from './overfitting.js'
import { resumeMarks } from './resume-marks.js'
import type { Titles } from './types.js'

export interface LossChart extends Titles {
  readonly xTitle: string
  /** A place along the axis, in words: `step 5,000`, `12 min`. */
  readonly placeText: (x: number) => string
  readonly log: boolean
  readonly lines: readonly Line[]
  /** Along the axis, where other processes went on with the run. */
  readonly resumes?: readonly number[]
}

/** Curves of a loss: the best step on the validation data is marked, and the gap to training from there is shaded. */
export function lossChart(
  { lines, placeText, resumes = [], ...chart }: LossChart,
  theme: Theme,
): TopLevelSpec {
  const colors = colorsOf(lines, theme)
  const validation = lines.find(({ label }) => splitOf(label) === 'validation')
  const train = lines.find(({ label }) => splitOf(label) === 'train')
  const best = validation === undefined ? null : lowestPoint(validation)
  const marks = resumeMarks(resumes, lines, theme)
  const subtitle = [...chart.subtitle, ...marks.notes]
  const common = { ...chart, subtitle, yTitle: 'loss', lines, colors, below: marks.layers }
  if (validation === undefined || best === null || best.y === null) return lineChart(common, theme)
  const gap = train === undefined ? [] : gapAfter(best.x, train, validation)
  const above = bestLayers(
    { x: best.x, y: best.y, at: placeText(best.x) },
    validation,
    isRightHalf(best.x, lines),
    theme,
  )
  const shaded = gap.length < 2 ? [] : [gapLayer(gap, colors[lines.indexOf(validation)]!)]
  const told = [...subtitle, ...gapText(gap, best.x)]
  return lineChart({ ...common, subtitle: told, above, below: [...marks.layers, ...shaded] }, theme)
}

function gapText(gap: ReturnType<typeof gapAfter>, best: number): string[] {
  const [first, last] = [gap[0], gap.at(-1)]
  if (first === undefined || last === undefined || last.x === best) return []
  const [then, now] = [first, last].map(({ low, high }) => Number((high - low).toPrecision(2)))
  return [`validation is above training by ${then} at its best, and by ${now} at the end`]
}

function isRightHalf(x: number, lines: readonly Line[]): boolean {
  const all = lines.flatMap(({ points }) => [points[0]?.x ?? x, points.at(-1)?.x ?? x])
  return x > (Math.min(...all) + Math.max(...all)) / 2
}
