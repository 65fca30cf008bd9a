import { createHash } from 'node:crypto'
import { checkedValue, readMediaFile } from '../../../media/checked-file.js'
import type { MediaFile, MediaRecordOf } from '../../../record/media.js'
import { mediaFileName } from '../../media-file-name.js'
import type { UploadedFile } from './uploads.js'

/** Media that are files at MLflow. */
export const FILE_MEDIA = [
  'image',
  'audio',
  'histogram',
  'text',
  'table',
  'pr-curve',
  'mesh',
  'graph',
] as const
export type FileMedia = (typeof FILE_MEDIA)[number]
export type FileMediaRecord = { [Kind in FileMedia]: MediaRecordOf<Kind> }[FileMedia]

export interface MediaPlace {
  readonly runDir: string
  readonly row: number
  readonly step: number
}

/**
 * A media call as a file: a picture or a sound as it is, a text as Markdown, a table as MLflow's own tables are
 * (`{"columns": [...], "data": [[...]]}`), everything else as the JSON of its record. Blocks. Throws MediaFileError where
 * its file is gone or damaged, and the file system's other errors.
 */
export function mediaFile(record: FileMediaRecord, place: MediaPlace): UploadedFile {
  const { runDir } = place
  switch (record.kind) {
    case 'image':
      return kept(record, record.file, record.value.format === 'jpeg' ? 'jpg' : record.value.format, place)
    case 'audio':
      return kept(record, record.file, record.value.format, place)
    case 'text':
      return made(record, checkedValue(runDir, record).text, 'md', place)
    case 'table': {
      const { columns, rows } = checkedValue(runDir, record)
      return made(record, JSON.stringify({ columns, data: rows }), 'json', place)
    }
    default:
      return made(record, JSON.stringify(checkedValue(runDir, record)), 'json', place)
  }
}

function kept(record: FileMediaRecord, file: MediaFile, extension: string, place: MediaPlace): UploadedFile {
  // What is damaged is told now, and not when it is on its way.
  readMediaFile(place.runDir, file)
  const { bytes, sha256 } = file
  const content = { bytes, read: () => readMediaFile(place.runDir, file) }
  return { path: pathOf(record, sha256, extension, place), content, sha256, row: place.row }
}

function made(record: FileMediaRecord, text: string, extension: string, place: MediaPlace): UploadedFile {
  const data = Buffer.from(text, 'utf8')
  const sha256 = createHash('sha256').update(data).digest('hex')
  const path = pathOf(record, sha256, extension, place)
  return { path, content: { data, bytes: data.length }, sha256, row: place.row }
}

/** Servers take a `%` or a `#` for something else. */
const pathOf = ({ kind, name }: FileMediaRecord, sha256: string, extension: string, { step }: MediaPlace) =>
  mediaFileName(kind, name, step, sha256, extension).replace(/[%#]/g, '_')
