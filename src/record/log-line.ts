/** Levels of log lines, as pino names them, from the least to the most important. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** pino's number of each level. */
const NUMBERS: { readonly [Level in LogLevel]: number } = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
}

export const levelNumber = (level: LogLevel): number => NUMBERS[level]

/** The level at or below a number of pino's; levels that a user has added are between these. */
export function levelOf(number: number): LogLevel {
  return LOG_LEVELS.findLast((level) => NUMBERS[level] <= number) ?? 'trace'
}

/** Counts lines by the second of their own time, and says when there are too many. Plain state: it can be kept. */
export class LineRate {
  readonly #perSecond: number
  #second: number
  #taken: number
  #leftOut: number

  /** `perSecond`: 0 for no limit. `state`: what `state` gave before. */
  constructor(perSecond: number, { second, taken, leftOut }: LineRateState = NO_LINES) {
    this.#perSecond = perSecond
    this.#second = second
    this.#taken = taken
    this.#leftOut = leftOut
  }

  get state(): LineRateState {
    return { second: this.#second, taken: this.#taken, leftOut: this.#leftOut }
  }

  /** False for a line that is too many. `time`: of the line, in milliseconds since the epoch. */
  take(time: number): boolean {
    if (this.#perSecond === 0) return true
    const second = Math.floor(time / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#taken = 0
    }
    this.#taken++
    if (this.#taken <= this.#perSecond) return true
    this.#leftOut++
    return false
  }

  /** How many lines were left out since this was last asked. */
  claim(): number {
    const count = this.#leftOut
    this.#leftOut = 0
    return count
  }

  /** What a log says in place of lines that were left out. */
  notice(count: number): string {
    return `offstep: ${count} lines left out: more than ${this.#perSecond} in a second`
  }
}

export interface LineRateState {
  readonly second: number
  readonly taken: number
  readonly leftOut: number
}

const NO_LINES: LineRateState = { second: -1, taken: 0, leftOut: 0 }
