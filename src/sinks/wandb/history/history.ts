/**
 * Rows as W&B's history lines: one line per step, `_step` strictly increasing (docs/decisions/016-wandb-steps.md).
 *
 * The newest lines stay open for rows that come out of order (reorder-window.ts). A row with the step of an open line is
 * merged into it, a later value of a name in place of an earlier one, as W&B merges. A row whose step, rounded down, is
 * above the last closed line and that of no open one begins the line with that `_step`. A row that has no such place, and
 * whose step is below the largest so far, is late: it joins the newest line, where no name of its own is in there. Any
 * other row begins the next line. A line whose `_step` is not the step of the log call (of its late row, where it was
 * joined) holds that step as `offstep/step`.
 *
 * A pure function of rows and state: the same rows make the same lines, in batches of any size.
 */
import { checkedValue, MediaFileError } from '../../../media/checked-file.js'
import type { RecordBatch } from '../../../record/batch.js'
import type { MediaRecord } from '../../../record/media.js'
import type { RejectedRow } from '../../sink.js'
import { graphFile } from '../media/graph.js'
import { loadMedia } from '../media/load.js'
import type { WandbFile } from '../media/wandb-file.js'
import { GrowingUpdates, type StateRecord, type StateUpdate } from '../run/updates.js'
import { HistoryLine } from './history-line.js'
import type { HistoryState } from './history-state.js'
import { LineMerger, type RowHead } from './line-merger.js'
import type { MetricNames } from './names.js'
import type { OtherRow } from './other-rows.js'
import { MediaContent, type RowContent, SlotContent } from './row-content.js'

export { closeHistory, type HistoryState, historyState, noHistory } from './history-state.js'

/** W&B leaves out longer lines: 10 MiB less 100 KiB, in bytes. */
export const MAX_LINE_BYTES = 10_383_360

export interface MergedRows {
  /** Lines that no later row belongs to, in order. */
  readonly lines: readonly HistoryLine[]
  /** Of the media rows of the batch: they are to be at W&B before the lines go out, these or those of a later batch. */
  readonly files: readonly WandbFile[]
  /** Rows that are in no line and change nothing in the state, in order. */
  readonly others: readonly OtherRow[]
  readonly state: HistoryState
  readonly rejected: readonly RejectedRow[]
  /** Rows that W&B has no form for. */
  readonly notApplicable: number
}

export interface MergeSetup {
  /** Absolute path of the run directory, where the files of media are. */
  readonly runDir: string
  readonly maxLineBytes?: number
}

/**
 * Merges the rows of a batch. `names`: of the reader that the batch comes from. A media row whose file is gone or
 * damaged is rejected. Reads those files: blocks, and throws the file system's other errors.
 */
export function mergeRows(
  state: HistoryState,
  batch: RecordBatch,
  names: MetricNames,
  setup: MergeSetup,
): MergedRows {
  names.learn(batch.names)
  const merger = new Merger(state, batch, names, setup)
  for (let row = 0; row < batch.count; row++) merger.add(row)
  return merger.result()
}

class Merger {
  readonly #batch: RecordBatch
  readonly #slots: SlotContent
  readonly #runDir: string
  readonly #maxLineBytes: number
  readonly #lines: LineMerger
  readonly #files: WandbFile[] = []
  readonly #others: OtherRow[] = []
  readonly #rejected: RejectedRow[] = []
  #notApplicable = 0
  readonly #updates: GrowingUpdates

  constructor(
    state: HistoryState,
    batch: RecordBatch,
    names: MetricNames,
    { runDir, maxLineBytes = MAX_LINE_BYTES }: MergeSetup,
  ) {
    this.#batch = batch
    this.#slots = new SlotContent(batch, names)
    this.#runDir = runDir
    this.#maxLineBytes = maxLineBytes
    this.#lines = new LineMerger(state, maxLineBytes)
    this.#updates = new GrowingUpdates(state.updates)
  }

  add(row: number): void {
    const { media, steps, times } = this.#batch
    const head = { row, step: steps[row]!, time: times[row]! }
    const record = media.get(row)
    if (record === undefined) {
      this.#slots.row = row
      this.#merge(head, this.#slots)
    } else this.#addRecord(head, record)
    this.#lines.close(head.time)
  }

  #addRecord(head: RowHead, record: MediaRecord): void {
    try {
      this.#take(head, record)
    } catch (error) {
      if (!(error instanceof MediaFileError)) throw error
      this.#rejected.push({ row: head.row, cause: 'media-file', reason: error.message })
    }
  }

  #take(head: RowHead, record: MediaRecord): void {
    switch (record.kind) {
      case 'config':
      case 'hparams':
      case 'summary':
      case 'metric':
        this.#update(head, record)
        break
      case 'console':
      case 'system':
      case 'alert':
      case 'file':
      case 'artifact':
        this.#others.push({ ...head, record })
        break
      case 'graph':
        this.#files.push({ ...graphFile(this.#runDir, record), row: head.row })
        break
      case 'resume':
        // The end of the process before has sent them all: they must not change any more.
        this.#lines.closeAll()
        this.#notApplicable++
        break
      case 'custom-scalars':
      case 'checkpoint':
        this.#notApplicable++
        break
      default: {
        const media = loadMedia(this.#runDir, record)
        const line = this.#merge(head, new MediaContent(record.name, media))
        if (line === null) return
        for (const file of media.filesAt(line.step)) this.#files.push({ ...file, row: head.row })
      }
    }
  }

  #update({ time }: RowHead, record: StateRecord): void {
    const update = { ...record, value: checkedValue(this.#runDir, record) } as StateUpdate
    this.#updates.add(update, time)
    if (record.kind === 'metric') this.#lines.define(() => this.#updates.metrics)
  }

  /** Null where no line can hold the row. */
  #merge(head: RowHead, content: RowContent): HistoryLine | null {
    const line = this.#lines.merge(head, content)
    if (line === null) {
      const bytes = HistoryLine.bytesWith(content.bytes())
      const reason = `the row makes a line of ${bytes} bytes, and W&B takes ${this.#maxLineBytes}: log less in one call`
      this.#rejected.push({ row: head.row, cause: 'LINE_TOO_LARGE', reason })
    }
    return line
  }

  result(): MergedRows {
    return {
      lines: this.#lines.lines,
      files: this.#files,
      others: this.#others,
      state: this.#lines.state(this.#updates.all),
      rejected: this.#rejected,
      notApplicable: this.#notApplicable,
    }
  }
}
