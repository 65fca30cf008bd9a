import { durationText, numberText, printable, stepText } from './format.js'
import type { NewestValues } from './newest.js'

const STEP_WIDTH = 7
const TIME_WIDTH = 7

/** Makes the lines of one run, each field as wide as the widest so far, so that they stand in columns. */
export class LineFormatter {
  readonly #label: string
  #stepWidth = STEP_WIDTH
  readonly #valueWidths: number[] = []

  constructor(runName: string) {
    this.#label = `[${printable(runName)}]`
  }

  /** `elapsedMs`: since the run began. */
  line(step: number, elapsedMs: number, newest: NewestValues): string {
    const stepPart = stepText(step)
    this.#stepWidth = Math.max(this.#stepWidth, stepPart.length)
    const fields = [
      `${this.#label} step ${stepPart.padStart(this.#stepWidth)}`,
      durationText(elapsedMs).padStart(TIME_WIDTH),
    ]
    newest.names.forEach((name, index) => {
      const value = numberText(newest.values[index]!)
      const width = Math.max(this.#valueWidths[index] ?? 0, value.length)
      this.#valueWidths[index] = width
      fields.push(`${printable(name)} ${value.padStart(width)}`)
    })
    if (newest.hidden > 0) fields.push(`+${stepText(newest.hidden)} more`)
    return `${fields.join('  ')}\n`
  }
}
