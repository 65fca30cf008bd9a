/**
 * Rows as W&B's history lines: one line per step, `_step` strictly increasing (docs/decisions/016-wandb-steps.md).
 *
 * A row with the step of the row before it is merged into that row's line, a later value of a name in place of an
 * earlier one, as W&B merges. Any other row closes the line and begins one, whose `_step` is its step, or where that
 * is no larger whole number than the last `_step`, the next one. A late row (its step is below the largest so far, and
 * has no `_step` left) joins the open line, where no name of its own is in there. A line whose `_step` is not the step of the log call
 * (of its late row, where it was joined) holds that step as `offstep/step`.
 *
 * A pure function of rows and state: the same rows make the same lines, in batches of any size.
 */
import type { RecordBatch } from '../../record/batch.js'
import type { RejectedRow } from '../sink.js'
import { HistoryLine, type OpenLine } from './history-line.js'
import type { MetricNames } from './names.js'

/** W&B leaves out longer lines: 10 MiB less 100 KiB, in bytes. */
export const MAX_LINE_BYTES = 10_383_360
/** Larger steps count up by one: a step near the end of the whole doubles would leave no room for later ones. */
const MAX_GIVEN_STEP = 2 ** 52

/** Plain JSON. */
export interface HistoryState {
  /** The `_step` of the newest line, -1 before the first. */
  readonly lastStep: number
  /** The largest step of all rows; null before the first. */
  readonly highest: number | null
  /** See above. */
  readonly lateRows: number
  /** The newest line, which the next row may still belong to. */
  readonly open: OpenLine | null
}

export interface MergedRows {
  /** Lines that no later row belongs to, in order. */
  readonly lines: readonly HistoryLine[]
  readonly state: HistoryState
  readonly rejected: readonly RejectedRow[]
  /** Media rows, which are in no line. */
  readonly notApplicable: number
}

/** `lastStep`: the `_step` that the run had before, where it is resumed. */
export const noHistory = (lastStep = -1): HistoryState => ({
  lastStep,
  highest: lastStep < 0 ? null : lastStep,
  lateRows: 0,
  open: null,
})

/** Merges the rows of a batch. `names`: of the reader that the batch comes from. */
export function mergeRows(
  state: HistoryState,
  batch: RecordBatch,
  names: MetricNames,
  maxLineBytes = MAX_LINE_BYTES,
): MergedRows {
  names.learn(batch.names)
  const merger = new Merger(state, batch, names, maxLineBytes)
  for (let row = 0; row < batch.count; row++) merger.add(row)
  return merger.result()
}

/** The line that is open, for the end of a run. */
export function lastLine({ open }: HistoryState): HistoryLine | null {
  return open === null ? null : HistoryLine.restore(open)
}

class Merger {
  readonly #batch: RecordBatch
  readonly #names: MetricNames
  readonly #maxLineBytes: number
  readonly #lines: HistoryLine[] = []
  readonly #rejected: RejectedRow[] = []
  #notApplicable = 0
  #lastStep: number
  #highest: number
  #lateRows: number
  #open: HistoryLine | null

  constructor(state: HistoryState, batch: RecordBatch, names: MetricNames, maxLineBytes: number) {
    this.#batch = batch
    this.#names = names
    this.#maxLineBytes = maxLineBytes
    this.#lastStep = state.lastStep
    this.#highest = state.highest ?? Number.NEGATIVE_INFINITY
    this.#lateRows = state.lateRows
    this.#open = lastLine(state)
  }

  add(row: number): void {
    if (this.#batch.media.has(row)) {
      this.#notApplicable++
      return
    }
    const step = this.#batch.steps[row]!
    const late = step < this.#highest && Math.floor(step) <= this.#lastStep
    if (!this.#joins(row, step, late) && !this.#begins(row, step)) return
    if (late) this.#lateRows++
    this.#highest = Math.max(this.#highest, step)
  }

  /** True where the row is part of the open line now. */
  #joins(row: number, step: number, late: boolean): boolean {
    const open = this.#open
    if (open === null) return false
    const same = step === open.given
    if (!same && !(late && this.#mayJoinLate(open, row, step))) return false
    if (open.bytes + this.#bytesOf(row) > this.#maxLineBytes) return false
    this.#fill(open, row)
    if (!same) open.original = step
    return true
  }

  #mayJoinLate(open: HistoryLine, row: number, step: number): boolean {
    if (open.original !== null && open.original !== step) return false
    const { offsets, keys } = this.#batch
    for (let slot = offsets[row]!; slot < offsets[row + 1]!; slot++) {
      if (open.values.has(this.#names.name(keys[slot]!))) return false
    }
    return true
  }

  /** Closes the open line and begins one with the row. False where no line can hold it. */
  #begins(row: number, step: number): boolean {
    const whole = Math.floor(step)
    const next = this.#lastStep + 1
    const lineStep = whole >= next && whole <= MAX_GIVEN_STEP ? whole : next
    const line = new HistoryLine(lineStep, step, lineStep === step ? null : step)
    const bytes = line.bytes + this.#bytesOf(row)
    if (bytes > this.#maxLineBytes) {
      const reason = `the row makes a line of ${bytes} bytes, and W&B takes ${this.#maxLineBytes}: log fewer metrics in one call`
      this.#rejected.push({ row, cause: 'LINE_TOO_LARGE', reason })
      return false
    }
    if (this.#open !== null) this.#lines.push(this.#open)
    this.#open = line
    this.#lastStep = lineStep
    this.#fill(line, row)
    return true
  }

  #fill(line: HistoryLine, row: number): void {
    const { offsets, keys, times } = this.#batch
    const texts = this.#batch.texts()
    const end = offsets[row + 1]!
    for (let slot = offsets[row]!; slot < end; slot++) {
      const key = keys[slot]!
      line.set(this.#names.name(key), texts[slot]!, this.#names.bytes(key))
    }
    line.time = times[row]!
    line.rows.push(row)
  }

  /** At most: a name that the line or the row has already counts twice. */
  #bytesOf(row: number): number {
    const { offsets, keys } = this.#batch
    const texts = this.#batch.texts()
    let bytes = 0
    for (let slot = offsets[row]!; slot < offsets[row + 1]!; slot++) {
      bytes += this.#names.bytes(keys[slot]!) + texts[slot]!.length
    }
    return bytes
  }

  result(): MergedRows {
    const state: HistoryState = {
      lastStep: this.#lastStep,
      highest: Number.isFinite(this.#highest) ? this.#highest : null,
      lateRows: this.#lateRows,
      open: this.#open?.save() ?? null,
    }
    return { lines: this.#lines, state, rejected: this.#rejected, notApplicable: this.#notApplicable }
  }
}
