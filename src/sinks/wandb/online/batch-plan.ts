import { join } from 'node:path'
import type { RecordBatch } from '../../../record/batch.js'
import type { RejectedRow } from '../../sink.js'
import { type MergedRows, mergeRows } from '../history/history.js'
import type { MetricNames } from '../history/names.js'
import type { WandbFile } from '../media/wandb-file.js'
import type { RefusedFile, RunFiles, UploadedFile } from './files/run-files.js'
import { type OtherWork, otherWork } from './other-rows.js'
import { shifted, stepShiftOf } from './run/step-shift.js'
import type { OnlineState } from './state.js'
import { withoutRows } from './stream/kept-rows.js'
import type { Line } from './stream/line-sender.js'
import { historyLine } from './stream/line-texts.js'

/** What a batch comes to. Its files are at W&B. */
export interface BatchPlan {
  readonly stepShift: number | null
  readonly merged: MergedRows
  readonly lines: readonly Line[]
  /** Those that W&B has refused, too. */
  readonly files: readonly UploadedFile[]
  /** Names of those that are up. */
  readonly uploaded: readonly string[]
  readonly work: OtherWork
  readonly rejected: readonly RejectedRow[]
}

export interface Planning {
  readonly state: OnlineState
  readonly names: MetricNames
  readonly runDir: string
  readonly runFiles: RunFiles
  readonly signal: AbortSignal
}

/** Uploads the batch's files and merges its rows; a row whose file W&B refuses for good is in no line. */
export async function planBatch(
  batch: RecordBatch,
  { state, names, runDir, runFiles, signal }: Planning,
): Promise<BatchPlan> {
  const stepShift = state.stepShift ?? stepShiftOf(batch, state.history.lastStep)
  const moved = shifted(batch, stepShift)
  const refused = new Map<number, RefusedFile>()
  const tried: UploadedFile[] = []
  for (;;) {
    const { batch: kept, rowOf } = withoutRows(moved, new Set(refused.keys()))
    const merged = mergeRows(state.history, kept, names, { runDir })
    const work = otherWork(merged.others, runDir, state.startTime)
    const files = [...merged.files.map((file) => uploadOf(file, runDir)), ...work.files]
    const given = files.map((file) => ({ ...file, row: rowOf(file.row) }))
    tried.push(...given)
    const news = await runFiles.upload(given, signal)
    if (news.length === 0) {
      const history = merged.lines.map((line) => historyLine(line, state.startTime))
      const lines = [...history, ...work.lines]
      return {
        stepShift,
        merged,
        lines: refused.size === 0 ? lines : lines.map((line) => ({ ...line, rows: line.rows.map(rowOf) })),
        files: tried,
        uploaded: [...new Set(given.map(({ name }) => name))],
        work: originalRows(work, rowOf),
        rejected: [...refused.values(), ...[...merged.rejected, ...work.rejected].map(inBatch(rowOf))],
      }
    }
    // A row less may move the others: their lines are made anew.
    for (const one of news) refused.set(one.row, one)
  }
}

function uploadOf(file: WandbFile, runDir: string): UploadedFile {
  const { name, path, bytes, sha256, row } = file
  const content = path === null ? { read: () => file.read(), bytes } : { path: join(runDir, path), bytes }
  return { name, content, sha256, row }
}

const inBatch =
  (rowOf: (row: number) => number) =>
  <Item extends { readonly row: number }>(item: Item): Item => ({ ...item, row: rowOf(item.row) })

function originalRows(work: OtherWork, rowOf: (row: number) => number): OtherWork {
  const place = inBatch(rowOf)
  return { ...work, alerts: work.alerts.map(place), artifacts: work.artifacts.map(place) }
}
