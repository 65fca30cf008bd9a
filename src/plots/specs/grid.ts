import type { TopLevelSpec } from 'vega-lite'
import { configOf, type Theme } from '../theme.js'
import { yDomainOf } from '../y-domain.js'
import {
  type ColoredLine,
  colorOf,
  finiteValues,
  lineEncoding,
  lineLayers,
  nonFiniteLayers,
  type Series,
} from './line-layers.js'
import type { Layer, Titles } from './types.js'

const COLUMNS = 3
const WIDTH = 236
const GAP = 62
/** Above a chart, clear of a label at its upper edge. */
const HEADING_OFFSET = 14
const HEIGHTS: { readonly [columns: number]: number } = { 1: 320, 2: 195, 3: 130 }
const STROKE = { faint: 1, smoothed: 1.8, plain: 1.8, dot: 20, dots: 12 }

/** A chart of a grid. */
export interface GridCell {
  readonly heading: string
  /** A line's `series`: its split, or its run. Empty where there is nothing to tell apart. */
  readonly lines: readonly ColoredLine[]
}

export interface Grid extends Titles {
  readonly cells: readonly GridCell[]
  /** What is told apart, in the order of the legend. */
  readonly series: readonly Series[]
  /** Fewer, larger charts. Default: 3. */
  readonly columns?: number
  readonly log?: boolean
}

/** Small charts, each with an axis of its own. */
export function gridChart({ cells, series, log = false, ...grid }: Grid, theme: Theme): TopLevelSpec {
  const columns = Math.min(grid.columns ?? COLUMNS, cells.length)
  const size = {
    width: Math.floor((COLUMNS * WIDTH + (COLUMNS - columns) * GAP) / columns),
    height: HEIGHTS[columns]!,
  }
  const named = series.flatMap(({ name }) => (name === '' ? [] : [name]))
  const color = colorOf(series, named.length === 0 ? null : { columns: 4, values: named, offset: 14 })
  return {
    title: { text: grid.title, subtitle: [...grid.subtitle] },
    columns,
    // Flush: else charts below each other are not in line where their numbers are of different widths.
    bounds: 'flush',
    spacing: { row: 68, column: GAP },
    concat: cells.map((cell) => ({ ...size, ...cellSpec(cell, log, color, theme, size.width) })),
    config: configOf(theme),
  }
}

function cellSpec(
  { heading, lines: colored }: GridCell,
  log: boolean,
  color: ReturnType<typeof colorOf>,
  theme: Theme,
  width: number,
) {
  const lines = colored.map(({ line }) => line)
  const domain = yDomainOf(finiteValues(lines), log)
  return {
    encoding: { ...lineEncoding(lines, domain, { xTitle: null, yTitle: null, log, ticks: 4 }), color },
    layer: [
      ...lineLayers(colored, domain, log, STROKE),
      ...nonFiniteLayers(lines, theme, 50),
      headingLayer(heading, theme, width),
    ],
  }
}

/**
 * The heading as a text of the chart: a title of Vega's is above all labels of the axes, and so higher where one of them
 * stands at the upper edge than where none does.
 */
const headingLayer = (heading: string, { text }: Theme, width: number): Layer => ({
  data: { values: [{}] },
  mark: {
    type: 'text',
    align: 'left',
    baseline: 'bottom',
    dy: -HEADING_OFFSET,
    fontSize: 12,
    fontWeight: 'bold',
    limit: width,
    clip: false,
  },
  encoding: { x: { value: 0 }, y: { value: 0 }, text: { value: heading }, color: { value: text } },
})
