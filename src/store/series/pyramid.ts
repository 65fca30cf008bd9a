/** A point of a metric. `time` is in milliseconds since the epoch. */
export interface SeriesPoint {
  readonly step: number
  readonly time: number
  readonly value: number
}

// An entry stands for one point or for several that follow each other: how many, where in the journal the first
// stands, and four of them, each a step, a time and a value.
const COUNT = 0
const POSITION = 1
const FIRST = 2
const MIN = 5
const MAX = 8
const LAST = 11
export const ENTRY_DOUBLES = 14

/** A step, a time and a value on their way into an entry. */
const point = new Float64Array(3)

/**
 * A metric in a bounded number of entries, however many points it has: each point by itself while there are few, and
 * then 2, 4, 8 ... points to an entry, of which the first, the last, the lowest and the highest are kept.
 */
export class Pyramid {
  /** Points of a full entry. */
  #span: number
  #entries: number
  #cells: Float64Array
  /** Of all points. */
  #count = 0
  #nonFinite: number

  /** `cells`: those of `save()`. */
  constructor(span = 1, cells: Float64Array = new Float64Array(0), nonFinite = 0) {
    this.#span = span
    this.#nonFinite = nonFinite
    this.#cells = cells
    this.#entries = cells.length / ENTRY_DOUBLES
    for (let entry = 0; entry < this.#entries; entry++) this.#count += cells[entry * ENTRY_DOUBLES + COUNT]!
  }

  get span(): number {
    return this.#span
  }

  get entries(): number {
    return this.#entries
  }

  get count(): number {
    return this.#count
  }

  /** Of all points: how many are NaN or an infinity. */
  get nonFinite(): number {
    return this.#nonFinite
  }

  /** `position`: of the record that the point is in, or of one before it. */
  add(step: number, time: number, value: number, position: number, maxEntries: number): void {
    point[0] = step
    point[1] = time
    point[2] = value
    this.addFrom(point, 0, 2, position, maxEntries)
  }

  /** The same, of a step at `stepAt` with its time behind it, and a value at `valueAt`: doubles as arguments are slow. */
  addFrom(from: Float64Array, stepAt: number, valueAt: number, position: number, maxEntries: number): void {
    const value = from[valueAt]!
    this.#count++
    if (!Number.isFinite(value)) this.#nonFinite++
    const cells = this.#cells
    const at = (this.#entries - 1) * ENTRY_DOUBLES
    if (at < 0 || cells[at + COUNT]! >= this.#span) {
      while (this.#entries >= maxEntries) this.#halve()
      this.#append(from, stepAt, valueAt, position)
      return
    }
    cells[at + COUNT]! += 1
    setPoint(cells, at + LAST, from, stepAt, valueAt)
    // NaN is neither, unless there is nothing else.
    if (!(cells[at + MIN + 2]! <= value) && !Number.isNaN(value))
      setPoint(cells, at + MIN, from, stepAt, valueAt)
    if (!(cells[at + MAX + 2]! >= value) && !Number.isNaN(value))
      setPoint(cells, at + MAX, from, stepAt, valueAt)
  }

  /** Makes it smaller, where other metrics need the room. */
  shrink(maxEntries: number): void {
    while (this.#entries > maxEntries) this.#halve()
  }

  /** A copy. */
  save(): Float64Array {
    return this.#cells.slice(0, this.#entries * ENTRY_DOUBLES)
  }

  /** Of an entry, counted from 0. */
  positionOf(entry: number): number {
    return this.#cells[entry * ENTRY_DOUBLES + POSITION]!
  }

  /** The points that are kept of an entry, as they came; one by itself is there once. */
  *pointsOf(entry: number): Generator<SeriesPoint> {
    const at = entry * ENTRY_DOUBLES
    yield pointAt(this.#cells, at + FIRST)
    if (this.#cells[at + COUNT]! === 1) return
    const [low, high] = [pointAt(this.#cells, at + MIN), pointAt(this.#cells, at + MAX)]
    yield* low.step <= high.step ? [low, high] : [high, low]
    yield pointAt(this.#cells, at + LAST)
  }

  #append(from: Float64Array, stepAt: number, valueAt: number, position: number): void {
    const at = this.#entries * ENTRY_DOUBLES
    if (at === this.#cells.length) {
      const larger = new Float64Array(Math.max(4 * ENTRY_DOUBLES, at * 2))
      larger.set(this.#cells)
      this.#cells = larger
    }
    this.#cells[at + COUNT] = 1
    this.#cells[at + POSITION] = position
    for (const part of [FIRST, MIN, MAX, LAST]) setPoint(this.#cells, at + part, from, stepAt, valueAt)
    this.#entries++
  }

  /** Two entries become one. */
  #halve(): void {
    const cells = this.#cells
    const halves = Math.ceil(this.#entries / 2)
    for (let half = 0; half < halves; half++) {
      const from = half * 2 * ENTRY_DOUBLES
      const into = half * ENTRY_DOUBLES
      cells.copyWithin(into, from, from + ENTRY_DOUBLES)
      if (half * 2 + 1 < this.#entries) join(cells, into, from + ENTRY_DOUBLES)
    }
    this.#entries = halves
    this.#span *= 2
  }
}

/** Adds the entry at `next` to the one at `into`, which comes before it. */
function join(cells: Float64Array, into: number, next: number): void {
  cells[into + COUNT]! += cells[next + COUNT]!
  copyPoint(cells, into + LAST, next + LAST)
  if (!(cells[into + MIN + 2]! <= cells[next + MIN + 2]!)) copyPoint(cells, into + MIN, next + MIN)
  if (!(cells[into + MAX + 2]! >= cells[next + MAX + 2]!)) copyPoint(cells, into + MAX, next + MAX)
}

function copyPoint(cells: Float64Array, into: number, from: number): void {
  // A NaN must not take the place of a number.
  if (Number.isNaN(cells[from + 2]!) && into % ENTRY_DOUBLES !== LAST) return
  cells.copyWithin(into, from, from + 3)
}

function setPoint(
  cells: Float64Array,
  at: number,
  from: Float64Array,
  stepAt: number,
  valueAt: number,
): void {
  cells[at] = from[stepAt]!
  cells[at + 1] = from[stepAt + 1]!
  cells[at + 2] = from[valueAt]!
}

const pointAt = (cells: Float64Array, at: number): SeriesPoint => ({
  step: cells[at]!,
  time: cells[at + 1]!,
  value: cells[at + 2]!,
})
