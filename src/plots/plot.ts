import type { TopLevelSpec } from 'vega-lite'
import type { Axis } from '../store/series/down-sample.js'
import type { TimeUnit } from './format.js'

/** A plot that is to be drawn. */
export interface Plot {
  /** Of its file, without the ending. */
  readonly name: string
  readonly spec: TopLevelSpec
}

/** How lines are shown. */
export interface LineStyle {
  readonly axis: Axis
  /** 0 to just under 1; without it, by how many points there are. */
  readonly smoothing?: number | undefined
  /** Without it, where the values need it. */
  readonly log?: boolean | undefined
}

export const xTitleOf = (axis: Axis, unit: TimeUnit): string =>
  axis === 'step' ? 'step' : `wall time (${unit.title})`

const NAME_LENGTH = 80

/** A metric's name as a part of a file's name, on any system. */
export const fileNameOf = (metric: string): string =>
  metric
    .replace(/[^\p{L}\p{N}._-]+/gu, '_')
    .replace(/^[._]+/, '')
    .slice(0, NAME_LENGTH) || 'metric'
