import { METRICS_PER_REQUEST, NAMES_PER_REQUEST } from '../api/limits.js'
import type { Point } from './points.js'

/** The entry of a point in `metrics` of log-batch. */
export const entryOf = ({ name, json, timestamp, step }: Point): string =>
  `{"key":${JSON.stringify(name)},"value":${json},"timestamp":${timestamp},"step":${step}}`

export const bodyOf = (runId: string, points: readonly Point[]): string =>
  `{"run_id":${JSON.stringify(runId)},"metrics":[${points.map(entryOf).join(',')}]}`

/**
 * Points in requests that MLflow takes. Rows with more names than a request may have are sent by groups of names, so
 * that requests are full all the same. NaN goes apart: where such a request comes again, a server may refuse all of it.
 */
export function requestsOf(points: readonly Point[], maxBytes: number): Point[][] {
  const groups = new Map<string, Point[]>()
  const order = new Map<string, number>()
  for (const point of points) {
    if (!order.has(point.name)) order.set(point.name, order.size)
    const group = `${Math.floor(order.get(point.name)! / NAMES_PER_REQUEST)}${Number.isNaN(point.value)}`
    const found = groups.get(group)
    if (found === undefined) groups.set(group, [point])
    else found.push(point)
  }
  return [...groups.values()].flatMap((group) => parts(group, maxBytes))
}

/** As few as the limits allow; one that is larger than them stands alone. */
function parts(points: readonly Point[], maxBytes: number): Point[][] {
  const found: Point[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const point of points) {
    const size = Buffer.byteLength(entryOf(point)) + 1
    const last = found.at(-1)
    if (last === undefined || bytes + size > maxBytes || last.length >= METRICS_PER_REQUEST) {
      found.push([point])
      bytes = size
    } else {
      last.push(point)
      bytes += size
    }
  }
  return found
}
