import type { Axis } from '../../store/series/down-sample.js'
import { type TimeUnit, timeUnitOf } from '../format.js'
import { defaultSmoothing, smooth } from '../smooth.js'
import type { NonFinite } from './journal-events.js'
import type { RunData } from './run-data.js'

export interface LinePoint {
  /** A step, or the time since the run began, in the unit of the axis. */
  readonly x: number
  /** Null where the value is not finite: the line is broken there. */
  readonly y: number | null
  /** Of the smoothed line. */
  readonly smoothed: number | null
}

/** A metric as a line of a chart. */
export interface Line {
  readonly label: string
  readonly points: readonly LinePoint[]
  /** There is a smoothed line beside the line itself. */
  readonly isSmoothed: boolean
  readonly nonFinite: NonFinite
  /** Where the values that are not finite stand along the axis. */
  readonly nonFiniteX: readonly number[]
}

export interface LineOptions {
  readonly axis: Axis
  /** Of the axis `time`. */
  readonly unit: TimeUnit
  /** 0 to just under 1; without it, by how many points there are. */
  readonly smoothing?: number | undefined
  /** Of a line, at most about. */
  readonly points?: number
}

/** The unit in which the longest of these runs is shown. */
export const unitOfRuns = (runs: readonly RunData[], names: readonly string[]): TimeUnit =>
  timeUnitOf(
    Math.max(
      0,
      ...runs
        .flatMap((run) => names.map((name) => run.lastTime(name) - run.startTime))
        .filter(Number.isFinite),
    ),
  )

/** Null where the run has no such metric. */
export function lineOf(
  run: RunData,
  name: string,
  { axis, unit, smoothing, points }: LineOptions,
  label = name,
): Line | null {
  const series = run.series(name, points)
  if (series === null) return null
  const xOf = ({ step, time }: { readonly step: number; readonly time: number }): number =>
    axis === 'step' ? step : (time - run.startTime) / unit.ms
  const values = series.points.map(({ value }) => value)
  const weight = smoothing ?? defaultSmoothing(values)
  const smoothed = smooth(values, weight)
  const nonFinite = run.nonFinite(name)
  return {
    label,
    points: series.points.map((point, index) => ({
      x: xOf(point),
      y: finite(point.value),
      smoothed: finite(smoothed[index]!),
    })),
    isSmoothed: weight > 0,
    nonFinite,
    nonFiniteX: nonFinite.points.map(xOf),
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
