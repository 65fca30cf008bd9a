import { createHash } from 'node:crypto'
import type { JsonObject } from '../../../record/json.js'
import { mediaFileName } from '../../media-file-name.js'
import type { LoadedMedia } from './load.js'
import type { RowlessFile } from './wandb-file.js'

interface MadeFile {
  /** Below `media/`. */
  readonly directory: string
  /** The metric's name. */
  readonly key: string
  readonly extension: string
  /** What the value in the line says beside the file. */
  readonly about: JsonObject
  /** The content: the same each time, made anew so that not all files of a batch are in memory. */
  readonly make: () => Uint8Array
}

/** Media whose file W&B wants in another form than the journal's. */
export function madeFile({ directory, key, extension, about, make }: MadeFile): LoadedMedia {
  const content = make()
  const bytes = content.length
  const sha256 = createHash('sha256').update(content).digest('hex')
  const nameAt = (step: number) => mediaFileName(directory, key, step, sha256, extension)
  return {
    valueAt: (step) => JSON.stringify({ ...about, path: nameAt(step), sha256, size: bytes }),
    filesAt: (step): RowlessFile[] => [{ name: nameAt(step), step, bytes, sha256, path: null, read: make }],
  }
}
