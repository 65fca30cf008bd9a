import { numberText, objectText } from './extended-json.js'
import { STEP_NAME } from './names.js'

/** More than `_step`, `_timestamp`, `_runtime`, `offstep/step` and the braces can take. */
const FIXED_BYTES = 200

/** A line that later rows may still belong to, in plain JSON: it goes into the cursor. */
export interface OpenLine {
  readonly step: number
  readonly given: number
  readonly original: number | null
  readonly time: number
  readonly bytes: number
  /** Name and JSON of each value. JSON itself could hold neither NaN nor an int64. */
  readonly values: readonly (readonly [name: string, json: string])[]
}

/** One line of history, as it is put together. */
export class HistoryLine {
  /** `_step`. */
  readonly step: number
  /** The step of the log call that began it. */
  readonly given: number
  /** `offstep/step`; null where there is none to tell. */
  original: number | null
  /** Of the newest log call in it, in milliseconds since the epoch. */
  time = 0
  /** No less than the UTF-8 bytes of its text. */
  bytes = FIXED_BYTES
  /** JSON by name. */
  readonly values = new Map<string, string>()
  /** It was begun by an earlier batch. */
  holdsEarlierRows = false
  /** The rows of the batch at hand that are in it. */
  readonly rows: number[] = []

  constructor(step: number, given: number, original: number | null) {
    this.step = step
    this.given = given
    this.original = original
  }

  static restore({ step, given, original, time, bytes, values }: OpenLine): HistoryLine {
    const line = new HistoryLine(step, given, original)
    for (const [name, json] of values) line.values.set(name, json)
    line.holdsEarlierRows = true
    line.time = time
    line.bytes = bytes
    return line
  }

  save(): OpenLine {
    const { step, given, original, time, bytes } = this
    return { step, given, original, time, bytes, values: [...this.values] }
  }

  /** `nameBytes`: see MetricNames. */
  set(name: string, json: string, nameBytes: number): void {
    const before = this.values.get(name)
    this.bytes += json.length + (before === undefined ? nameBytes : -before.length)
    this.values.set(name, json)
  }

  /** All fields, values as JSON. `startTime`: of the run, in milliseconds since the epoch. */
  fields(startTime: number): [name: string, json: string][] {
    const fields: [string, string][] = [
      ['_step', numberText(this.step)],
      ['_timestamp', numberText(this.time / 1000)],
      ['_runtime', numberText((this.time - startTime) / 1000)],
    ]
    if (this.original !== null) fields.push([STEP_NAME, numberText(this.original)])
    return fields.concat([...this.values])
  }

  /** The line, without a line break. */
  text(startTime: number): string {
    return objectText(this.fields(startTime))
  }
}
