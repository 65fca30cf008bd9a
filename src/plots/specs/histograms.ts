import type { TopLevelSpec } from 'vega-lite'
import { configOf, type Theme } from '../theme.js'
import type { HeatCell } from './heat-map.js'
import type { Titles } from './types.js'

export interface HistogramMaps extends Titles {
  readonly maps: readonly { readonly name: string; readonly cells: readonly HeatCell[] }[]
}

/** Distributions over steps, one heat map each. */
export function histogramChart({ maps, ...titles }: HistogramMaps, theme: Theme): TopLevelSpec {
  const columns = Math.min(2, maps.length)
  const width = columns === 1 ? 700 : 350
  const shade = {
    field: 'share',
    type: 'quantitative',
    scale: { scheme: theme.scheme, type: 'sqrt', domain: [0, 1] },
    legend: null,
  } as const
  return {
    title: { text: titles.title, subtitle: [...titles.subtitle] },
    data: { values: maps.flatMap(({ name, cells }) => cells.map((cell) => ({ ...cell, name }))) },
    facet: {
      field: 'name',
      type: 'nominal',
      title: null,
      sort: maps.map(({ name }) => name),
      header: { labelAnchor: 'start', labelLimit: width },
    },
    columns,
    bounds: 'flush',
    spacing: { row: 68, column: 68 },
    spec: {
      width,
      height: columns === 1 ? 340 : 190,
      mark: { type: 'rect', strokeWidth: 0.8 },
      encoding: {
        x: {
          field: 'x',
          type: 'quantitative',
          title: null,
          scale: { zero: false, nice: false },
          axis: { tickCount: 5 },
        },
        x2: { field: 'x2' },
        y: {
          field: 'y',
          type: 'quantitative',
          title: null,
          scale: { zero: false, nice: false },
          axis: { grid: false, tickCount: 5 },
        },
        y2: { field: 'y2' },
        fill: shade,
        // The same colour again: else the background shines through where two cells meet.
        stroke: shade,
      },
    },
    resolve: { scale: { y: 'independent', x: 'independent' }, axis: { x: 'independent', y: 'independent' } },
    config: configOf(theme),
  } as TopLevelSpec
}
