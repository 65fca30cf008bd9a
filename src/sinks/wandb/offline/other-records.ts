import { statSync } from 'node:fs'
import { join } from 'node:path'
import { checkedValue, MediaFileError } from '../../../media/checked-file.js'
import type { MediaFile, MediaRecordOf } from '../../../record/media.js'
import type { RejectedRow } from '../../sink.js'
import type { OtherRow } from '../history/other-rows.js'
import { type ArtifactRun, artifactRecord } from './artifact-record.js'
import { isWithin, type PlacedFile } from './place-file.js'
import { alertRecord, consoleRecord, fileRecord, statsRecord } from './update-records.js'

/** Makes a record with the number that it is given. */
export type RecordMaker = (num: number) => Uint8Array

export interface OtherRecordsSetup {
  /** Absolute path. */
  readonly runDir: string
  readonly run: ArtifactRun
  /** offstep's own id of the run. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly startTime: number
  /** Of the rows of the batch. */
  readonly sequences: Float64Array
  /** Puts a file among those of the run. Throws MediaFileError where that cannot be. */
  readonly place: (file: PlacedFile) => void
}

/** What the rows add to the log. */
export interface OtherRecords {
  readonly records: readonly RecordMaker[]
  readonly rejected: readonly RejectedRow[]
}

/** Saved files are in their place then. Rows whose files are gone are rejected. Blocks. Throws the file system's other errors. */
export function otherRecords(rows: readonly OtherRow[], setup: OtherRecordsSetup): OtherRecords {
  const records: RecordMaker[] = []
  const rejected: RejectedRow[] = []
  for (const other of rows) {
    try {
      if (other.record.kind === 'file') setup.place(savedFile(other.record, setup.runDir))
      records.push(...recordsOf(other, setup))
    } catch (error) {
      if (!(error instanceof MediaFileError)) throw error
      rejected.push({ row: other.row, cause: 'media-file', reason: error.message })
    }
  }
  return { records, rejected }
}

function recordsOf({ row, record, time }: OtherRow, setup: OtherRecordsSetup): RecordMaker[] {
  const { runDir } = setup
  switch (record.kind) {
    case 'console': {
      const { stream, lines } = checkedValue<'console'>(runDir, record)
      return lines.map((line) => (num) => consoleRecord(num, stream, line))
    }
    case 'system': {
      const sample = checkedValue<'system'>(runDir, record)
      return [(num) => statsRecord(num, sample, time)]
    }
    case 'alert': {
      const alert = checkedValue<'alert'>(runDir, record)
      return [(num) => alertRecord(num, alert)]
    }
    case 'file':
      return [(num) => fileRecord(num, record.name, 'other')]
    case 'artifact':
      return [artifactMaker(row, record, setup)]
  }
}

function artifactMaker(
  row: number,
  record: MediaRecordOf<'artifact'>,
  setup: OtherRecordsSetup,
): RecordMaker {
  const { runDir, run, id, startTime, sequences } = setup
  const value = checkedValue(runDir, record)
  for (const { file } of value.entries) if (file !== undefined) checkIsThere(runDir, file)
  const origin = { runId: id, startTime, sequence: sequences[row]! }
  return (num) => artifactRecord(num, record.name, value, run, origin, runDir)
}

function savedFile({ name, file }: MediaRecordOf<'file'>, runDir: string): PlacedFile {
  if (!isWithin(name))
    throw new MediaFileError(name, 'would not be among the files of the run', 'give it another name')
  checkIsThere(runDir, file)
  return { name, source: join(runDir, file.path) }
}

/** By its size alone: checkpoints are large, and their bytes are checked by `offstep verify`. */
function checkIsThere(runDir: string, { path, bytes }: MediaFile): void {
  const found = statSync(join(runDir, path), { throwIfNoEntry: false })
  if (found === undefined) throw new MediaFileError(path, 'is gone')
  if (found.size !== bytes) throw new MediaFileError(path, `holds ${found.size} of ${bytes} bytes`)
}
