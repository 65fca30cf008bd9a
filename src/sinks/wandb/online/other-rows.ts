import { join } from 'node:path'
import { checkedValue, MediaFileError } from '../../../media/checked-file.js'
import type { MediaRecordOf } from '../../../record/media.js'
import type { Alert } from '../../../record/updates.js'
import type { RejectedRow } from '../../sink.js'
import type { OtherRow } from '../history/other-rows.js'
import type { UploadedFile } from './files/run-files.js'
import type { Line } from './stream/line-sender.js'
import { consoleLines, eventLine } from './stream/line-texts.js'

/** What the rows of a batch that are in no history line ask for; all with the row that asks. */
export interface OtherWork {
  readonly lines: readonly Line[]
  readonly files: readonly UploadedFile[]
  readonly alerts: readonly { readonly row: number; readonly alert: Alert; readonly time: number }[]
  readonly artifacts: readonly {
    readonly row: number
    readonly record: MediaRecordOf<'artifact'>
    readonly step: number
  }[]
  /** Their values are in files that cannot be read. */
  readonly rejected: readonly RejectedRow[]
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] }

/** `startTime`: of the run, in milliseconds since the epoch. Reads long values from their files: blocks. */
export function otherWork(rows: readonly OtherRow[], runDir: string, startTime: number): OtherWork {
  const work: Mutable<OtherWork> = { lines: [], files: [], alerts: [], artifacts: [], rejected: [] }
  for (const other of rows) {
    try {
      add(work, other, runDir, startTime)
    } catch (error) {
      if (!(error instanceof MediaFileError)) throw error
      work.rejected.push({ row: other.row, cause: 'media-file', reason: error.message })
    }
  }
  return work
}

function add(
  work: Mutable<OtherWork>,
  { row, record, step, time }: OtherRow,
  runDir: string,
  startTime: number,
): void {
  switch (record.kind) {
    case 'system':
      work.lines.push(eventLine(checkedValue(runDir, record), time, startTime, row))
      return
    case 'console':
      work.lines.push(...consoleLines(checkedValue(runDir, record), row))
      return
    case 'alert':
      work.alerts.push({ row, alert: checkedValue(runDir, record), time })
      return
    case 'artifact':
      work.artifacts.push({ row, record, step })
      return
    case 'file': {
      const { path, bytes, sha256 } = record.file
      work.files.push({ name: record.name, content: { path: join(runDir, path), bytes }, sha256, row })
    }
  }
}
