import { LineRate, type LogLevel, levelOf } from '../record/log-line.js'
import type { LogLine } from '../run/updates/types.js'

/** What takes the lines: a run, or what `connect()` returns in another thread. */
export interface LineTarget {
  logLines(lines: readonly LogLine[]): void
  /** Runs have it: called before they are flushed, and before they end. */
  onFlush?(action: () => void): void
}

export interface PinoOptions {
  /** More lines of one second than this are left out; a line of the log says how many. Default 1000; 0: no limit. */
  readonly maxLinesPerSecond?: number | undefined
}

const DEFAULT_RATE = 1000
/** Lines are handed over when there are so many characters, whatever else. */
const MAX_WAITING_CHARS = 64 * 1024

/** Gathers pino's lines, a record for many of them. */
export class LineBuffer {
  readonly #target: LineTarget
  readonly #rate: LineRate
  #lines: LogLine[] = []
  #chars = 0

  constructor(target: LineTarget, { maxLinesPerSecond = DEFAULT_RATE }: PinoOptions) {
    if (typeof target?.logLines !== 'function') {
      throw new TypeError('offstep/pino: give the run that init() returned')
    }
    if (!Number.isSafeInteger(maxLinesPerSecond) || maxLinesPerSecond < 0) {
      throw new RangeError('offstep/pino: maxLinesPerSecond must be a whole number, 0 or more')
    }
    this.#target = target
    this.#rate = new LineRate(maxLinesPerSecond)
  }

  get waits(): boolean {
    return this.#lines.length > 0
  }

  /** `level`: pino's number. */
  add(text: string, level: number, time: number): void {
    if (!this.#rate.take(time)) return
    this.#addNotice(time)
    this.#push({ text, level: levelOf(level), time })
    if (this.#chars > MAX_WAITING_CHARS) this.flush()
  }

  flush(): void {
    if (this.#lines.length === 0) return
    const lines = this.#lines
    this.#lines = []
    this.#chars = 0
    this.#target.logLines(lines)
  }

  /** The last lines, and how many were left out behind them. */
  end(): void {
    this.#addNotice(Date.now())
    this.flush()
  }

  #addNotice(time: number): void {
    const count = this.#rate.claim()
    if (count > 0) this.#push({ text: this.#rate.notice(count), level: 'warn' satisfies LogLevel, time })
  }

  #push(line: LogLine): void {
    this.#lines.push(line)
    this.#chars += line.text.length
  }
}
