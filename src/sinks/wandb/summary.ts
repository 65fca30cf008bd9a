import { extendedJson, objectText } from './extended-json.js'
import type { HistoryLine } from './history-line.js'
import { LATE_ROWS_NAME, REJECTED_LINES_NAME } from './names.js'

/** Plain JSON: name and JSON of each value. */
export type SummaryState = readonly (readonly [name: string, json: string])[]

/** What is counted beside the lines. */
export interface SummaryCounts {
  readonly lateRows: number
  readonly rejectedLines: number
}

/** W&B's summary of a run: the last value of every name, of the lines so far. */
export class Summary {
  readonly #values = new Map<string, string>()

  constructor(state: SummaryState = []) {
    for (const [name, json] of state) this.#values.set(name, json)
  }

  /** `startTime`: of the run, in milliseconds since the epoch. */
  add(line: HistoryLine, startTime: number): void {
    for (const [name, json] of line.fields(startTime)) this.#values.set(name, json)
  }

  state(): SummaryState {
    return [...this.#values]
  }

  /** All fields, values as JSON; nothing where there was no line. */
  fields({ lateRows, rejectedLines }: SummaryCounts): [name: string, json: string][] {
    const fields: [string, string][] = [...this.#values]
    const runtime = this.#values.get('_runtime')
    if (runtime !== undefined) fields.push(['_wandb', `{"runtime":${runtime}}`])
    if (lateRows > 0) fields.push([LATE_ROWS_NAME, extendedJson(lateRows)])
    if (rejectedLines > 0) fields.push([REJECTED_LINES_NAME, extendedJson(rejectedLines)])
    return fields
  }

  text(counts: SummaryCounts): string {
    return objectText(this.fields(counts))
  }
}
