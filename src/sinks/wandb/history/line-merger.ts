import { MetricDefinitions } from '../metrics/definitions.js'
import { addStepMetrics } from '../metrics/step-sync.js'
import type { RunUpdates } from '../run/updates.js'
import { HistoryLine } from './history-line.js'
import type { HistoryState } from './history-state.js'
import { ReorderWindow } from './reorder-window.js'
import type { RowContent } from './row-content.js'

/** Of a log call: `step` as given, `time` in milliseconds since the epoch. */
export interface RowHead {
  readonly row: number
  readonly step: number
  readonly time: number
}

/** Puts rows into lines, as history.ts says, and closes them. */
export class LineMerger {
  /** Those that were closed. */
  readonly lines: HistoryLine[] = []
  readonly #maxLineBytes: number
  readonly #window: ReorderWindow
  readonly #stepValues: Map<string, string>
  #metrics: () => RunUpdates['metrics']
  /** Made when they are needed: there may be many definitions one after the other. */
  #definitions: MetricDefinitions | null = null
  #highest: number
  #lateRows: number

  constructor(state: HistoryState, maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
    this.#window = new ReorderWindow(state)
    this.#stepValues = new Map(state.stepValues)
    this.#metrics = () => state.updates.metrics
    this.#highest = state.highest ?? Number.NEGATIVE_INFINITY
    this.#lateRows = state.lateRows
  }

  /** For lines that are closed from now on. `metrics`: all definitions so far. */
  define(metrics: () => RunUpdates['metrics']): void {
    this.#metrics = metrics
    this.#definitions = null
  }

  /** The line that the row is in now; null where no line can hold it, and it changes nothing. */
  merge({ row, step, time }: RowHead, content: RowContent): HistoryLine | null {
    const bytes = content.bytes()
    if (HistoryLine.bytesWith(bytes) > this.#maxLineBytes) return null
    const line = this.#lineFor(step, bytes, content)
    this.#highest = Math.max(this.#highest, step)
    const before = line.bytes
    const isFirst = line.addRow(row, time)
    content.putInto(line, isFirst ? null : time)
    this.#window.grow(line.bytes - before)
    return line
  }

  /** Closes what need not stay open, a record of this time having come. */
  close(time: number): void {
    const from = this.lines.length
    this.#window.closeInto(this.lines, time)
    this.#complete(from)
  }

  closeAll(): void {
    const from = this.lines.length
    this.#window.closeAllInto(this.lines)
    this.#complete(from)
  }

  /** Lines from this one on, which are closed. */
  #complete(from: number): void {
    for (let at = from; at < this.lines.length; at++) {
      this.#definitions ??= new MetricDefinitions(this.#metrics())
      addStepMetrics(this.lines[at]!, this.#definitions, this.#stepValues)
    }
  }

  state(updates: RunUpdates): HistoryState {
    return {
      lastStep: this.#window.lastStep,
      highest: Number.isFinite(this.#highest) ? this.#highest : null,
      lateRows: this.#lateRows,
      held: this.#window.save(),
      stepValues: [...this.#stepValues],
      updates,
    }
  }

  #lineFor(step: number, bytes: number, content: RowContent): HistoryLine {
    const window = this.#window
    // Most steps are new: then there is no line to look for.
    const same = step > this.#highest ? undefined : window.lineOf(step)
    if (same !== undefined && this.#hasRoom(same, bytes) && !content.hasOneOf(same.lateNames)) return same
    const own = window.ownStep(step)
    const isLate = own === null && step < this.#highest && Math.floor(step) <= window.newestStep
    if (isLate) this.#lateRows++
    if (isLate && same === undefined) {
      const newest = window.newest
      if (newest !== undefined && this.#mayJoin(newest, step, bytes, content)) {
        newest.original = step
        content.markLate(newest)
        return newest
      }
    }
    return window.begin(own ?? window.newestStep + 1, step)
  }

  /** A late row. A line tells one step beside its own. */
  #mayJoin(newest: HistoryLine, step: number, bytes: number, content: RowContent): boolean {
    if (newest.original !== null && newest.original !== step) return false
    return this.#hasRoom(newest, bytes) && !content.hasOneOf(newest.values)
  }

  #hasRoom(line: HistoryLine, bytes: number): boolean {
    return line.bytes + bytes <= this.#maxLineBytes
  }
}
