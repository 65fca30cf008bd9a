import * as v from 'valibot'
import { numberText, objectText } from '../extended-json.js'
import { STEP_NAME } from './names.js'

/** More than `_step`, `_timestamp`, `_runtime`, `offstep/step` and the braces can take. */
const FIXED_BYTES = 200

/** Most lines have none: of their own, each would cost as much as the rest of the line. Never added to. */
const NO_TIMES = new Map<string, number>()
const NO_NAMES = new Set<string>()

const number = v.pipe(v.number(), v.finite())

export const heldLine = v.object({
  step: number,
  given: number,
  original: v.nullable(number),
  firstTime: number,
  time: number,
  bytes: number,
  /** Name and JSON of each value. JSON itself could hold neither NaN nor an int64. */
  values: v.array(v.tuple([v.string(), v.string()])),
  times: v.array(v.tuple([v.string(), number])),
  lateNames: v.array(v.string()),
})

/** A line that later rows may still belong to, in plain JSON: it goes into the cursor. */
export type HeldLine = v.InferOutput<typeof heldLine>

/** One line of history, as it is put together. */
export class HistoryLine {
  /** `_step`. */
  readonly step: number
  /** The step of the log call that began it. */
  readonly given: number
  /** `offstep/step`; null where there is none to tell. */
  original: number | null
  /** Of the first log call in it, in milliseconds since the epoch. */
  firstTime = 0
  /** Of the newest log call in it, in milliseconds since the epoch. */
  time = Number.NEGATIVE_INFINITY
  /** No less than the UTF-8 bytes of its text. */
  bytes = FIXED_BYTES
  /** JSON by name. */
  readonly values = new Map<string, string>()
  /** Times of the values that did not come with the first log call. */
  times = NO_TIMES
  /** Names that came with a late row: a row of the line's own step must not replace their values. */
  lateNames = NO_NAMES
  /** It was begun by an earlier batch. */
  holdsEarlierRows = false
  /** The rows of the batch at hand that are in it. */
  readonly rows: number[] = []

  constructor(step: number, given: number, original: number | null) {
    this.step = step
    this.given = given
    this.original = original
  }

  static restore(held: HeldLine): HistoryLine {
    const line = new HistoryLine(held.step, held.given, held.original)
    for (const [name, json] of held.values) line.values.set(name, json)
    if (held.times.length > 0) line.times = new Map(held.times)
    if (held.lateNames.length > 0) line.lateNames = new Set(held.lateNames)
    line.holdsEarlierRows = true
    line.firstTime = held.firstTime
    line.time = held.time
    line.bytes = held.bytes
    return line
  }

  save(): HeldLine {
    const { step, given, original, firstTime, time, bytes } = this
    const names = { values: [...this.values], times: [...this.times], lateNames: [...this.lateNames] }
    return { step, given, original, firstTime, time, bytes, ...names }
  }

  /** Bytes of a line that holds values of so many. */
  static bytesWith(valueBytes: number): number {
    return FIXED_BYTES + valueBytes
  }

  /** Before the values of a log call; true where it is the first. Else the values need their times. */
  addRow(row: number, time: number): boolean {
    this.rows.push(row)
    const isFirst = this.time === Number.NEGATIVE_INFINITY
    if (isFirst) this.firstTime = time
    if (time > this.time) this.time = time
    return isFirst
  }

  /** `nameBytes`: see MetricNames; `jsonBytes`: of `json`, in UTF-8. */
  set(name: string, json: string, nameBytes: number, jsonBytes = json.length): void {
    const before = this.values.get(name)
    this.bytes += jsonBytes + (before === undefined ? nameBytes : -before.length)
    this.values.set(name, json)
  }

  setTime(name: string, time: number): void {
    if (this.times.size === 0) this.times = new Map()
    this.times.set(name, time)
  }

  /** The newest row is a late one. */
  setLate(name: string): void {
    if (this.lateNames.size === 0) this.lateNames = new Set()
    this.lateNames.add(name)
  }

  /** Of the log call that a value came with, in milliseconds since the epoch. */
  timeOf(name: string): number {
    return this.times.get(name) ?? this.firstTime
  }

  /** `_step` and what else W&B or this sink says of the line, values as JSON. `startTime`: as for `fields()`. */
  head(startTime: number): [name: string, json: string][] {
    const fields: [string, string][] = [
      ['_step', numberText(this.step)],
      ['_timestamp', numberText(this.time / 1000)],
      ['_runtime', numberText((this.time - startTime) / 1000)],
    ]
    if (this.original !== null) fields.push([STEP_NAME, numberText(this.original)])
    return fields
  }

  /** All fields, values as JSON. `startTime`: of the run, in milliseconds since the epoch. */
  fields(startTime: number): [name: string, json: string][] {
    return this.head(startTime).concat([...this.values])
  }

  /** The line, without a line break. */
  text(startTime: number): string {
    return objectText(this.fields(startTime))
  }
}
