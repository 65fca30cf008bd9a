import { type HeldLine, HistoryLine } from './history-line.js'

/**
 * Lines stay open for rows that come out of order: media calls are worked up on another thread, and the rows of
 * several threads interleave. Beyond any of these the oldest line is closed; the newest one never.
 */
const MAX_HELD_LINES = 64
const MAX_HELD_BYTES = 64 * 1024
/** By the times of the log calls, so that the same rows close the same lines again. */
const MAX_HELD_MS = 2000

/** Larger steps count up by one: a step near the end of the whole doubles would leave no room for later ones. */
const MAX_GIVEN_STEP = 2 ** 52

/** The open lines, ascending by `_step`, all above the last closed one. */
export class ReorderWindow {
  readonly #held: HistoryLine[]
  /** The `_step` of the newest closed line. */
  #lastStep: number
  #bytes: number

  constructor({ lastStep, held }: { readonly lastStep: number; readonly held: readonly HeldLine[] }) {
    this.#lastStep = lastStep
    this.#held = held.map((line) => HistoryLine.restore(line))
    this.#bytes = held.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get lastStep(): number {
    return this.#lastStep
  }

  get newest(): HistoryLine | undefined {
    return this.#held[this.#held.length - 1]
  }

  /** The largest `_step` so far. */
  get newestStep(): number {
    return this.newest?.step ?? this.#lastStep
  }

  save(): HeldLine[] {
    return this.#held.map((line) => line.save())
  }

  /** The line that was begun with this step; the newest of several. */
  lineOf(given: number): HistoryLine | undefined {
    for (let at = this.#held.length - 1; at >= 0; at--) {
      if (this.#held[at]!.given === given) return this.#held[at]
    }
    return undefined
  }

  /** The `_step` that a step has of its own: the step rounded down, where no line has that; else null. */
  ownStep(given: number): number | null {
    const whole = Math.floor(given)
    if (whole > MAX_GIVEN_STEP || whole <= this.#lastStep) return null
    if (whole > this.newestStep) return whole
    return this.#held[this.#placeOf(whole)]?.step === whole ? null : whole
  }

  begin(step: number, given: number): HistoryLine {
    const line = new HistoryLine(step, given, step === given ? null : given)
    if (step > this.newestStep) this.#held.push(line)
    else this.#held.splice(this.#placeOf(step), 0, line)
    this.#bytes += line.bytes
    return line
  }

  /** To be told after each change of a line. */
  grow(bytes: number): void {
    this.#bytes += bytes
  }

  /** Adds the lines that are to be closed when a record of this time has come. */
  closeInto(closed: HistoryLine[], time: number): void {
    const held = this.#held
    while (held.length > 1) {
      const isOver = held.length > MAX_HELD_LINES || this.#bytes > MAX_HELD_BYTES
      if (!isOver && !(time - held[0]!.time > MAX_HELD_MS)) return
      this.#closeOldest(closed)
    }
  }

  closeAllInto(closed: HistoryLine[]): void {
    while (this.#held.length > 0) this.#closeOldest(closed)
  }

  #closeOldest(closed: HistoryLine[]): void {
    const line = this.#held.shift()!
    this.#bytes -= line.bytes
    this.#lastStep = line.step
    closed.push(line)
  }

  /** The window is not to be used after it. */
  closeAll(): readonly HistoryLine[] {
    return this.#held
  }

  /** Of the first line whose `_step` is not below. */
  #placeOf(step: number): number {
    let at = this.#held.length
    while (at > 0 && this.#held[at - 1]!.step >= step) at--
    return at
  }
}
