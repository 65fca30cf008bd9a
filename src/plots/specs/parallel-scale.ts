import { numberText } from '../format.js'

/** An axis of parallel coordinates: where each run stands on it, 0 (below) to 1, and its labels. */
export interface ParallelAxis {
  readonly name: string
  /** Null where the run has no such value. */
  readonly places: readonly (number | null)[]
  readonly labels: readonly { readonly at: number; readonly text: string }[]
}

export type ParallelValue = number | string | null

/** Values spread over more than this are compared by their size: 1e-4, 1e-3, 1e-2. */
const LOG_RATIO = 50

export function parallelAxis(name: string, values: readonly ParallelValue[]): ParallelAxis {
  const known = values.filter((value) => value !== null)
  const areNumbers = known.every((value) => typeof value === 'number' && Number.isFinite(value))
  return areNumbers
    ? numberAxis(name, values as readonly (number | null)[], known as number[])
    : nameAxis(name, values)
}

function numberAxis(
  name: string,
  values: readonly (number | null)[],
  known: readonly number[],
): ParallelAxis {
  const [low, high] = [Math.min(...known), Math.max(...known)]
  const isLog = low > 0 && high / low >= LOG_RATIO
  const size = (value: number): number => (isLog ? Math.log(value) : value)
  const range = size(high) - size(low)
  const placeOf = (value: number): number => (range === 0 ? 0.5 : (size(value) - size(low)) / range)
  // Few values: each has its label, as far as there is room; many: the ends and the middle.
  const distinct = [...new Set(known)].sort((a, b) => a - b)
  const middle = isLog ? Math.sqrt(low * high) : (low + high) / 2
  const labelled = distinct.length <= 6 ? distinct : [low, middle, high]
  return {
    name,
    places: values.map((value) => (value === null ? null : placeOf(value))),
    labels: apart(labelled.map((value) => ({ at: placeOf(value), text: numberText(value) }))),
  }
}

function nameAxis(name: string, values: readonly ParallelValue[]): ParallelAxis {
  const distinct = [...new Set(values.filter((value) => value !== null).map(String))]
  const placeOf = (value: string): number =>
    distinct.length === 1 ? 0.5 : distinct.indexOf(value) / (distinct.length - 1)
  return {
    name,
    places: values.map((value) => (value === null ? null : placeOf(String(value)))),
    labels: apart(distinct.map((text) => ({ at: placeOf(text), text }))),
  }
}

/** Labels that would stand on each other are left out; the first and the last stay. */
function apart(labels: ParallelAxis['labels']): ParallelAxis['labels'] {
  const last = labels.at(-1)
  let free = Number.NEGATIVE_INFINITY
  return labels.filter((label) => {
    const fits = label.at >= free && (label === last || last === undefined || last.at - label.at >= 0.06)
    if (fits || label === last) free = label.at + 0.06
    return fits || label === last
  })
}
