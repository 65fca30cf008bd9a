import { checkedValue, readMediaFile } from '../../../media/checked-file.js'
import type { MediaRecordOf } from '../../../record/media.js'
import { audioFile, imageFile } from './encoded-file.js'
import { histogramJson } from './histogram.js'
import { meshFile } from './mesh.js'
import { prCurveTable } from './pr-curve.js'
import { tableFile } from './table.js'
import type { RowlessFile } from './wandb-file.js'

/** Kinds that are one value of a line. */
export type LineKind = 'histogram' | 'image' | 'audio' | 'text' | 'table' | 'pr-curve' | 'mesh'
export type LineRecord = { [Kind in LineKind]: MediaRecordOf<Kind> }[LineKind]

/** A media call as W&B has it. */
export interface LoadedMedia {
  /** JSON of the value in the line with this `_step`. */
  valueAt(step: number): string
  /** The files that it names. */
  filesAt(step: number): readonly RowlessFile[]
}

/**
 * Reads a media call's value, and checks its file. Blocks. Throws MediaFileError where that is gone or damaged, and the
 * file system's other errors.
 */
export function loadMedia(runDir: string, record: LineRecord): LoadedMedia {
  switch (record.kind) {
    case 'histogram':
      return valueOnly(histogramJson(checkedValue(runDir, record)))
    case 'text':
      return valueOnly(JSON.stringify(checkedValue(runDir, record).text))
    case 'image':
      readMediaFile(runDir, record.file)
      return imageFile(runDir, record)
    case 'audio':
      readMediaFile(runDir, record.file)
      return audioFile(runDir, record)
    case 'table':
      return tableFile(record.name, () => checkedValue(runDir, record))
    case 'pr-curve':
      return tableFile(record.name, () => prCurveTable(checkedValue(runDir, record)))
    case 'mesh':
      return meshFile(record.name, () => checkedValue(runDir, record))
  }
}

const valueOnly = (json: string): LoadedMedia => ({ valueAt: () => json, filesAt: () => [] })
