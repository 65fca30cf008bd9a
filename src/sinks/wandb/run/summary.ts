import * as v from 'valibot'
import { extendedJson, objectText } from '../extended-json.js'
import type { HistoryLine } from '../history/history-line.js'
import { LATE_ROWS_NAME, REJECTED_LINES_NAME } from '../history/names.js'
import { MetricDefinitions } from '../metrics/definitions.js'
import { Statistics, statisticsState } from '../metrics/statistics.js'
import { noUpdates, type RunUpdates } from './updates.js'

/** For a sink that reads its cursor. */
export const summaryState = v.array(
  v.tuple([v.string(), v.string(), v.nullable(v.pipe(v.number(), v.finite())), statisticsState]),
)

/**
 * Plain JSON: name and JSON of each value, the newest time of the log calls it came with (null: of W&B's own fields),
 * and its statistics.
 */
export type SummaryState = v.InferOutput<typeof summaryState>

/** What is counted beside the lines. */
export interface SummaryCounts {
  readonly lateRows: number
  readonly rejectedLines: number
}

interface Entry {
  readonly values: Statistics
  time: number
}

/** The summary that a resumed run had: name and JSON of each value. */
export const summaryOf = (fields: readonly (readonly [name: string, json: string])[]): SummaryState =>
  fields.map(([name, json]) => [name, json, name.startsWith('_') ? null : 0, []])

/**
 * W&B's summary of a run: of every name what its definition asks for, the last value by default, of the lines so far.
 * A value that the user has set stands until a row of the name with a later time is in a line.
 */
export class Summary {
  /** `_step`, `_timestamp`, `_runtime` and `offstep/step`, of the last line that had them. */
  readonly #heads = new Map<string, string>()
  readonly #entries = new Map<string, Entry>()
  readonly #updates: RunUpdates

  /** `updates`: of the history state at the same moment. */
  constructor(state: SummaryState = [], updates: RunUpdates = noUpdates()) {
    this.#updates = updates
    for (const [name, json, time, statistics] of state) {
      if (time === null) this.#heads.set(name, json)
      else this.#entries.set(name, { values: new Statistics(json, statistics), time })
    }
  }

  /** `startTime`: of the run, in milliseconds since the epoch. */
  add(line: HistoryLine, startTime: number): void {
    for (const [name, json] of line.head(startTime)) this.#heads.set(name, json)
    const single = line.times.size === 0
    for (const [name, json] of line.values) {
      let entry = this.#entries.get(name)
      if (entry === undefined) {
        entry = { values: new Statistics(json), time: Number.NEGATIVE_INFINITY }
        this.#entries.set(name, entry)
      }
      entry.values.add(json)
      const time = single ? line.firstTime : line.timeOf(name)
      if (time > entry.time) entry.time = time
    }
  }

  state(): SummaryState {
    const heads = Array.from(this.#heads, ([name, json]): SummaryState[number] => [name, json, null, []])
    const entries = Array.from(this.#entries, ([name, { values, time }]): SummaryState[number] => [
      name,
      values.last,
      time,
      values.save(),
    ])
    return heads.concat(entries)
  }

  /** All fields, values as JSON; nothing where there was neither a line nor a value that was set. */
  fields({ lateRows, rejectedLines }: SummaryCounts): [name: string, json: string][] {
    const fields: [string, string][] = [...this.#heads, ...this.#values()]
    const runtime = this.#heads.get('_runtime')
    if (runtime !== undefined) fields.push(['_wandb', `{"runtime":${runtime}}`])
    if (lateRows > 0) fields.push([LATE_ROWS_NAME, extendedJson(lateRows)])
    if (rejectedLines > 0) fields.push([REJECTED_LINES_NAME, extendedJson(rejectedLines)])
    return fields
  }

  text(counts: SummaryCounts): string {
    return objectText(this.fields(counts))
  }

  #values(): Map<string, string> {
    const { metrics, summary } = this.#updates
    const definitions = new MetricDefinitions(metrics)
    const values = new Map<string, string>()
    for (const [name, { values: statistics }] of this.#entries) {
      const definition = definitions.of(name)
      if (definition?.summary?.includes('none')) continue
      values.set(name, definition === undefined ? statistics.last : statistics.summary(definition))
    }
    for (const [name, json, time] of summary) {
      if ((this.#entries.get(name)?.time ?? Number.NEGATIVE_INFINITY) > time) continue
      if (json === null) values.delete(name)
      else values.set(name, json)
    }
    return values
  }
}
