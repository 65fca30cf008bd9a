import type { Line, LinePoint } from '../data/lines.js'
import { numberText } from '../format.js'
import type { Theme } from '../theme.js'
import { CHART_HEIGHT } from './line-chart.js'
import type { Layer } from './types.js'

/** The best point of a line, and what the chart says about it. */
export interface Best {
  readonly x: number
  readonly y: number
  /** Where it is, in words: `step 5,000`. */
  readonly at: string
}

/** Where the loss on the validation data is lowest; null where it has no finite value. */
export function lowestPoint({ points }: Line): LinePoint | null {
  let best: LinePoint | null = null
  for (const point of points) {
    if (point.y !== null && (best === null || point.y < best.y!)) best = point
  }
  return best
}

/** A dashed line down to the best point, with its value. */
export function bestLayers({ x, y, at }: Best, { label }: Line, isRight: boolean, theme: Theme): Layer[] {
  const values = [{ x, y, text: `best ${label} ${numberText(y)} at ${at}` }]
  const ink = { value: theme.muted }
  return [
    {
      data: { values },
      mark: { type: 'rule', strokeDash: [4, 4] },
      encoding: { y: { value: 0 }, y2: { value: CHART_HEIGHT }, color: ink },
    },
    {
      data: { values },
      mark: {
        type: 'point',
        filled: true,
        size: 70,
        opacity: 1,
        stroke: theme.background,
        strokeWidth: 1.5,
      },
      encoding: { color: { value: theme.text } },
    },
    {
      data: { values },
      mark: {
        type: 'text',
        align: isRight ? 'right' : 'left',
        dx: isRight ? -8 : 8,
        baseline: 'top',
        fontSize: 12,
      },
      encoding: { text: { field: 'text' }, y: { value: 12 }, color: { value: theme.text } },
    },
  ]
}

/** How far the validation loss is above that on the training data, at one place. */
export interface Gap {
  readonly x: number
  readonly low: number
  readonly high: number
}

/** From the best point on: the part of the run in which the model learns its training data by heart. */
export function gapAfter(best: number, train: Line, validation: Line): Gap[] {
  const trained = courseOf(train)
  return courseOf(validation).flatMap(({ x, y }) => {
    const low = x < best ? null : valueAt(trained, x)
    return low === null || low > y ? [] : [{ x, low, high: y }]
  })
}

export function gapLayer(gap: readonly Gap[], color: string): Layer {
  return {
    data: { values: gap.map(({ x, low, high }) => ({ x, y: low, y2: high })) },
    mark: { type: 'area', opacity: 0.14, line: false },
    encoding: { y2: { field: 'y2' }, color: { value: color } },
  }
}

interface Place {
  readonly x: number
  readonly y: number
}

const courseOf = ({ points }: Line): Place[] =>
  points.flatMap(({ x, smoothed }) => (smoothed === null ? [] : [{ x, y: smoothed }]))

/** Between two points on the straight line; null outside. */
function valueAt(places: readonly Place[], x: number): number | null {
  const next = places.findIndex((place) => place.x >= x)
  if (next < 0 || (next === 0 && places[0]!.x > x)) return null
  const [from, to] = [places[Math.max(0, next - 1)]!, places[next]!]
  return to.x === from.x ? to.y : from.y + ((to.y - from.y) * (x - from.x)) / (to.x - from.x)
}
