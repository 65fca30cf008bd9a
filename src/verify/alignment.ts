import type { Difference } from './report.js'

/** A line of a text file or an event: what is compared as one. */
export interface Unit {
  /** Units are equal where their texts are. */
  readonly text: string
  /** What tells that two different units are meant to be the same one; null where it cannot be read. */
  readonly id: string | null
  readonly producer: number | null
  readonly sequence: number | null
  /** Grows from unit to unit (of one producer, where there is one); null where it cannot be read. */
  readonly order: number | null
  /** The journal has lost the name of one of its metrics: the file may know better. */
  readonly nameless: boolean
}

/** With where it ends among the bytes that were split. */
export type Split<U extends Unit> = U & { readonly end: number }

/** The content that is compared: whole units, a window at a time. */
export interface ActualUnits<U extends Unit> {
  /** Goes over units as long as they equal `expected`. Returns the bytes of `expected` that were found: whole units. */
  match(expected: Buffer): number
  /** The units from here on, in about `bytes`; none at the end. */
  peek(bytes: number): readonly U[]
  /** Nothing follows the units that `peek` gave. */
  readonly exhausted: boolean
  /** Goes over the first `count` of the units that `peek` gave. */
  skip(count: number): void
  /** The number of the next unit, from 1, and the file that it is in. May be slow. */
  place(): { readonly file: string; readonly number: number }
}

export type Description = Pick<Difference, 'field' | 'expected' | 'found'>

export interface AlignmentSetup<U extends Unit> {
  readonly actual: ActualUnits<U>
  readonly split: (bytes: Buffer) => Split<U>[]
  /** True where the journal has lost what this unit of the file holds. */
  readonly isLost: (unit: U) => boolean
  /** How many units without an id the file may hold that the journal has lost. */
  readonly lostWithoutId: number
  readonly describe: (expected: U | null, found: U | null) => Description
}

/** Expected bytes that may wait for the file to fall in step again. */
const MAX_PENDING_BYTES = 2 * 2 ** 20
const MIN_WINDOW_BYTES = 64 * 1024
/** So many units in a row, all behind what is expected: no damage to their ids can look like that. */
const CERTAIN_UNITS = 8
const NOTHING = Buffer.alloc(0)

/**
 * Compares what a file should hold with what it holds, in one pass and bounded memory. Equal stretches are
 * compared as bytes; where they differ, the nearest pair of equal units brings both into step again, and what
 * lies before it is matched by id.
 */
export class Alignment<U extends Unit> {
  readonly #setup: AlignmentSetup<U>
  #pending: Buffer = NOTHING
  /** With fewer bytes pending there is no use in looking again. */
  #lookAgainAt = 0
  #lostWithoutId: number
  differing = 0
  missing = 0
  extra = 0
  onlyHere = 0
  first: Difference | null = null

  constructor(setup: AlignmentSetup<U>) {
    this.#setup = setup
    this.#lostWithoutId = setup.lostWithoutId
  }

  /** What comes next: whole units. The bytes may be reused afterwards. */
  expect(bytes: Buffer): void {
    if (this.#pending.length === 0) {
      const matched = this.#setup.actual.match(bytes)
      if (matched === bytes.length) return
      this.#pending = Buffer.from(bytes.subarray(matched))
    } else {
      this.#pending = Buffer.concat([this.#pending, bytes])
    }
    this.#advance(false)
  }

  /** Nothing more is expected. */
  finish(): void {
    this.#advance(true)
    for (;;) {
      const units = this.#setup.actual.peek(MIN_WINDOW_BYTES)
      if (units.length === 0) return
      this.#account([], units)
      this.#setup.actual.skip(units.length)
    }
  }

  #advance(final: boolean): void {
    while (this.#pending.length > 0) {
      this.#consume(this.#setup.actual.match(this.#pending))
      if (this.#pending.length === 0) return
      if (!final && this.#pending.length < this.#lookAgainAt) return
      if (!this.#resume(final)) return
      this.#lookAgainAt = 0
    }
  }

  #consume(bytes: number): void {
    this.#pending = this.#pending.subarray(bytes)
  }

  /** Deals with the difference that both are at. False where more must be expected before anything can be told. */
  #resume(final: boolean): boolean {
    const { actual, split, isLost } = this.#setup
    const found = actual.peek(Math.max(MIN_WINDOW_BYTES, 2 * this.#pending.length))
    // At once, without a look at what is expected: a segment that is lost is a million of them.
    const kept = found.findIndex((unit) => !isLost(unit))
    if (kept !== 0 && found.length > 0) {
      const count = kept < 0 ? found.length : kept
      this.onlyHere += count
      actual.skip(count)
      return true
    }
    const expected = split(this.#pending)
    const step = nearestPair(expected, found)
    if (step !== null) {
      this.#settle(expected, found, step.expected, step.found)
      return true
    }
    const skipped = certain(expected, found)
    if (skipped !== null) {
      this.#settle(expected, found, skipped.expected, skipped.found)
      return true
    }
    if (!final && this.#pending.length < MAX_PENDING_BYTES) {
      this.#lookAgainAt = Math.min(2 * this.#pending.length, MAX_PENDING_BYTES)
      return false
    }
    const end =
      final && actual.exhausted ? { expected: expected.length, found: found.length } : forced(expected, found)
    this.#settle(expected, found, end.expected, end.found)
    return true
  }

  #settle(
    expected: readonly Split<U>[],
    found: readonly U[],
    expectedCount: number,
    foundCount: number,
  ): void {
    this.#account(expected.slice(0, expectedCount), found.slice(0, foundCount))
    if (expectedCount > 0) this.#consume(expected[expectedCount - 1]!.end)
    this.#setup.actual.skip(foundCount)
  }

  /** Counts a stretch in which nothing is equal. */
  #account(expected: readonly U[], found: readonly U[]): void {
    const byId = new Map(expected.flatMap((unit) => (unit.id === null ? [] : [[unit.id, unit]])))
    const matched = new Set<U>()
    const strangers: { readonly index: number; readonly unit: U }[] = []
    for (const [index, unit] of found.entries()) {
      const meant = unit.id === null ? undefined : byId.get(unit.id)
      if (meant === undefined || matched.has(meant)) {
        if (this.#setup.isLost(unit)) this.onlyHere++
        else strangers.push({ index, unit })
        continue
      }
      matched.add(meant)
      if (meant.nameless) this.onlyHere++
      else this.#differs('differs', index, meant, unit)
    }
    for (const unit of expected) {
      if (matched.has(unit)) continue
      // What is left on both sides is taken for units whose id was hit.
      const stranger = strangers.shift()
      if (unit.nameless) this.onlyHere++
      else if (stranger === undefined) this.#differs('missing', 0, unit, null)
      else this.#differs('differs', stranger.index, unit, stranger.unit)
    }
    for (const { index, unit } of strangers) {
      if (unit.id === null && unit.order !== null && this.#lostWithoutId-- > 0) this.onlyHere++
      else this.#differs('extra', index, null, unit)
    }
  }

  #differs(what: Difference['what'], ahead: number, expected: U | null, found: U | null): void {
    if (what === 'differs') this.differing++
    else if (what === 'missing') this.missing++
    else this.extra++
    if (this.first !== null) return
    const { file, number } = this.#setup.actual.place()
    const { producer, sequence } = expected ?? found!
    const description = this.#setup.describe(expected, found)
    this.first = { what, file, number: number + ahead, producer, sequence, ...description }
  }
}

/** The pair of equal units that leaves the fewest units before it. */
function nearestPair(
  expected: readonly Unit[],
  found: readonly Unit[],
): { expected: number; found: number } | null {
  const indexes = new Map<string, number>()
  for (let i = expected.length - 1; i >= 0; i--) indexes.set(expected[i]!.text, i)
  let best: { expected: number; found: number } | null = null
  let distance = Number.POSITIVE_INFINITY
  for (let j = 0; j < found.length && j < distance; j++) {
    const i = indexes.get(found[j]!.text)
    if (i === undefined || i + j >= distance) continue
    best = { expected: i, found: j }
    distance = i + j
  }
  return best
}

/** Rows that are gone, or too many, as far as that is beyond doubt; null where it is not. */
function certain(
  expected: readonly Unit[],
  found: readonly Unit[],
): { expected: number; found: number } | null {
  const [next] = found
  if (next === undefined || found.length < CERTAIN_UNITS) return null
  const ours = expected.filter(({ id, producer }) => id !== null && producer === next.producer)
  const last = ours.at(-1)?.order ?? null
  if (last === null || ours.length < expected.length) return null
  const ahead = found
    .slice(0, CERTAIN_UNITS)
    .every((unit, i) => unit.producer === next.producer && unit.order !== null && unit.order > last + i)
  return ahead ? { expected: expected.length, found: 0 } : null
}

/**
 * How far to go over both where nothing is equal for long: over what is meant to be the same, else over the one
 * that is behind.
 */
function forced(expected: readonly Unit[], found: readonly Unit[]): { expected: number; found: number } {
  if (found.length === 0) return { expected: expected.length, found: 0 }
  const ids = new Set(expected.flatMap(({ id }) => id ?? []))
  const last = expected.at(-1)!
  const isMeant = ({ id, order }: Unit): boolean =>
    id === null ? last.id === null && order !== null && order < last.order! : ids.has(id)
  const lastFound = found.findLastIndex(isMeant)
  if (lastFound >= 0) {
    const { id } = found[lastFound]!
    const meant = id === null ? expected.length - 1 : expected.findIndex((unit) => unit.id === id)
    return { expected: meant + 1, found: lastFound + 1 }
  }
  const readable = found.find(({ order }) => order !== null)
  const sameProducer = expected.findLast(({ producer }) => producer === readable?.producer)
  const ahead = readable !== undefined && readable.order! >= (sameProducer?.order ?? Number.NEGATIVE_INFINITY)
  return ahead ? { expected: expected.length, found: 0 } : { expected: 0, found: found.length }
}
