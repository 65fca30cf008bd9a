import type { TopLevelSpec } from 'vega-lite'
import { configOf, type Theme } from '../theme.js'
import type { ParallelAxis } from './parallel-scale.js'
import type { Titles } from './types.js'

export interface Parallel extends Titles {
  readonly axes: readonly ParallelAxis[]
  readonly runs: readonly { readonly name: string; readonly color: string }[]
}

const MAX_WIDTH = 900
const AXIS_WIDTH = 170

/** A line per run across its hyper-parameters to what came of them. */
export function parallelChart({ axes, runs, ...titles }: Parallel, theme: Theme): TopLevelSpec {
  const order = axes.map(({ name }) => name)
  const points = runs.flatMap(({ name: run }, index) =>
    axes.flatMap(({ name, places }, position) => {
      const place = places[index] ?? null
      return place === null ? [] : [{ axis: name, position, place, run }]
    }),
  )
  const labels = axes.flatMap(({ name, labels: own }) =>
    own.map(({ at, text }) => ({ axis: name, place: at, text })),
  )
  return {
    title: { text: titles.title, subtitle: [...titles.subtitle] },
    width: Math.min(MAX_WIDTH, Math.max(380, axes.length * AXIS_WIDTH)),
    height: 340,
    encoding: {
      x: {
        field: 'axis',
        type: 'ordinal',
        sort: order,
        title: null,
        scale: { type: 'point', padding: 0.35 },
        axis: {
          orient: 'top',
          labelAngle: 0,
          labelFontSize: 12,
          labelColor: theme.text,
          labelLimit: 150,
          labelExpr: 'datum.label',
          labelOverlap: false,
          domain: false,
          labelPadding: 12,
        },
      },
      y: { field: 'place', type: 'quantitative', axis: null, scale: { domain: [0, 1], nice: false } },
    },
    layer: [
      {
        data: { values: order.map((axis) => ({ axis, place: 0, end: 1 })) },
        mark: { type: 'rule', color: theme.muted },
        encoding: { y2: { field: 'end' } },
      },
      {
        data: { values: points },
        mark: {
          type: 'line',
          strokeWidth: 2,
          opacity: runs.length > 20 ? 0.5 : 0.9,
          point: { size: 40, filled: true },
        },
        encoding: {
          detail: { field: 'run' },
          order: { field: 'position', type: 'quantitative' },
          color: {
            field: 'run',
            type: 'nominal',
            title: null,
            scale: { domain: runs.map(({ name }) => name), range: runs.map(({ color }) => color) },
            legend: runs.length > 12 ? null : { orient: 'bottom', columns: 4, offset: 20 },
          },
        },
      },
      // With a rim in the colour of the background: lines pass behind labels.
      ...[{ stroke: theme.background, strokeWidth: 4, strokeJoin: 'round' }, { stroke: null }].map((rim) => ({
        data: { values: labels },
        mark: { type: 'text', align: 'left', dx: 9, fontSize: 11, color: theme.text, ...rim },
        encoding: { text: { field: 'text' } },
      })),
    ],
    config: configOf(theme),
  } as TopLevelSpec
}
