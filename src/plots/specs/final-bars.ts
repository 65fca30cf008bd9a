import type { TopLevelSpec } from 'vega-lite'
import { numberText } from '../format.js'
import { configOf, type Theme } from '../theme.js'
import type { Titles } from './types.js'

export interface FinalValue {
  readonly metric: string
  readonly run: string
  readonly color: string
  readonly last: number
  /** Null where nobody knows which way the metric is better. */
  readonly best: number | null
}

export interface FinalBars extends Titles {
  readonly values: readonly FinalValue[]
}

const NO_GRID = { tickCount: 4, grid: true, title: null } as const

/** The last value of each metric as a bar per run, and the best one as a tick on it. */
export function finalBarsChart({ values, ...titles }: FinalBars, theme: Theme): TopLevelSpec {
  const metrics = [...new Set(values.map(({ metric }) => metric))]
  const columns = Math.min(2, metrics.length)
  const width = columns === 1 ? 620 : 270
  const rows = values.map(({ last, best, ...rest }) => ({
    ...rest,
    bar: Number.isFinite(last) ? last : 0,
    best: best ?? 0,
    hasBest: best === null ? 0 : 1,
    text: Number.isFinite(last) ? numberText(last) : `${last}`,
  }))
  const x = { type: 'quantitative', title: null, axis: NO_GRID } as const
  return {
    title: { text: titles.title, subtitle: [...titles.subtitle] },
    data: { values: rows },
    facet: {
      field: 'metric',
      type: 'nominal',
      title: null,
      sort: metrics,
      header: { labelAnchor: 'start', labelLimit: width },
    },
    columns,
    spacing: { row: 28, column: 70 },
    spec: {
      width,
      height: { step: 26 },
      encoding: {
        y: {
          field: 'run',
          type: 'nominal',
          title: null,
          sort: null,
          axis: { labelLimit: 140, grid: false, domain: false },
        },
      },
      layer: [
        {
          mark: { type: 'bar', cornerRadiusEnd: 2, height: { band: 0.65 } },
          encoding: { x: { ...x, field: 'bar' }, color: { field: 'color', type: 'nominal', scale: null } },
        },
        {
          mark: { type: 'tick', thickness: 2.5, height: { band: 0.9 } },
          encoding: {
            x: { ...x, field: 'best' },
            color: { value: theme.text },
            opacity: { field: 'hasBest', type: 'quantitative', scale: null },
          },
        },
        {
          mark: { type: 'text', align: 'left', dx: 6, fontSize: 11 },
          encoding: { x: { value: width }, text: { field: 'text' }, color: { value: theme.text } },
        },
      ],
    },
    resolve: { scale: { x: 'independent' }, axis: { x: 'independent', y: 'independent' } },
    config: configOf(theme),
  } as TopLevelSpec
}
