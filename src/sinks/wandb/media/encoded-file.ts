import { readMediaFile } from '../../../media/checked-file.js'
import type { JsonObject } from '../../../record/json.js'
import type { MediaFile, MediaRecordOf } from '../../../record/media.js'
import { mediaFileName } from '../../media-file-name.js'
import type { LoadedMedia } from './load.js'
import type { RowlessFile } from './wandb-file.js'

/** A picture as W&B has it: its file as it is. */
export function imageFile(runDir: string, { name, value, file }: MediaRecordOf<'image'>): LoadedMedia {
  const { format, width, height, caption } = value
  const extension = format === 'jpeg' ? 'jpg' : format
  const about = { width, height, format: extension, ...(caption === undefined ? {} : { caption }) }
  return loggedFile(runDir, file, (step) => mediaFileName('images', name, step, file.sha256, extension), {
    _type: 'image-file',
    ...about,
  })
}

/** A sound as W&B has it: its file as it is. */
export function audioFile(runDir: string, { name, value, file }: MediaRecordOf<'audio'>): LoadedMedia {
  const { format, caption } = value
  return loggedFile(runDir, file, (step) => mediaFileName('audio', name, step, file.sha256, format), {
    _type: 'audio-file',
    ...(caption === undefined ? {} : { caption }),
  })
}

function loggedFile(
  runDir: string,
  file: MediaFile,
  nameAt: (step: number) => string,
  about: JsonObject,
): LoadedMedia {
  const { path, bytes, sha256 } = file
  return {
    valueAt: (step) => JSON.stringify({ ...about, path: nameAt(step), sha256, size: bytes }),
    filesAt: (step): RowlessFile[] => [
      { name: nameAt(step), step, bytes, sha256, path, read: () => readMediaFile(runDir, file) },
    ],
  }
}
