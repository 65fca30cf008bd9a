/** One value of a tag, as a reader must give it back. Wall time in seconds. */
export interface Point {
  readonly wallTime: number
  readonly step: number
  readonly value: number
}

/** run -> tag -> points, in order. A run is a directory relative to the log directory. */
export type Scalars = Map<string, Map<string, Point[]>>

export function addPoint(scalars: Scalars, run: string, tag: string, point: Point): void {
  const tags = scalars.get(run) ?? new Map<string, Point[]>()
  scalars.set(run, tags)
  const points = tags.get(tag) ?? []
  tags.set(tag, points)
  points.push(point)
}

export function countPoints(scalars: Scalars): number {
  return [...scalars.values()]
    .flatMap((tags) => [...tags.values()])
    .reduce((sum, { length }) => sum + length, 0)
}

/** In the order of names, so that two may be compared whatever order a reader lists them in. */
export function sorted(scalars: Scalars): [string, [string, Point[]][]][] {
  return byName(scalars).map(([run, tags]) => [run, byName(tags)])
}

function byName<Value>(map: Map<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}
