import type { Line } from '../data/lines.js'
import { numberText } from '../format.js'
import type { Theme } from '../theme.js'
import { CHART_HEIGHT } from './line-chart.js'
import type { Layer } from './types.js'

/** A dotted line at each place where another process went on with the run, and the words that say so. */
export function resumeMarks(
  places: readonly number[],
  lines: readonly Line[],
  theme: Theme,
): { readonly layers: Layer[]; readonly notes: string[] } {
  const values = places.filter((x) => isWithin(x, lines)).map((x) => ({ x }))
  if (values.length === 0) return { layers: [], notes: [] }
  const ink = { value: theme.muted }
  const layer: Layer = {
    data: { values },
    mark: { type: 'rule', strokeDash: [1, 3], strokeWidth: 1.5 },
    encoding: { y: { value: 0 }, y2: { value: CHART_HEIGHT }, color: ink },
  }
  const many = values.length > 1
  const where = many ? `${numberText(values.length)} times, at the dotted lines` : 'at the dotted line'
  return { layers: [layer], notes: [`resumed ${where}`] }
}

/** A mark beyond all points would make the axis longer. */
const isWithin = (x: number, lines: readonly Line[]): boolean =>
  lines.some(({ points }) => points.length > 0 && points[0]!.x <= x && x <= points.at(-1)!.x)
