import { createHash } from 'node:crypto'
import { checkedValue } from '../../../media/checked-file.js'
import type { MediaRecordOf } from '../../../record/media.js'
import { safePath } from '../../media-file-name.js'
import type { RowlessFile } from './wandb-file.js'

const NAME_HASH_DIGITS = 8

/**
 * A model's topology, which no value of a line can show: a file of the run. Blocks. Throws as `loadMedia()` does.
 */
export function graphFile(runDir: string, record: MediaRecordOf<'graph'>): RowlessFile {
  const make = () => Buffer.from(JSON.stringify(checkedValue(runDir, record).model), 'utf8')
  const content = make()
  return {
    name: `media/graph/${pathOf(record.name)}.json`,
    step: null,
    bytes: content.length,
    sha256: sha256Of(content),
    path: null,
    read: make,
  }
}

/** Graphs are told apart by their names alone: one that is no path, or too long for one, has its hash too. */
function pathOf(name: string): string {
  const path = safePath(name)
  return path === name ? path : `${path}-${sha256Of(name).slice(0, NAME_HASH_DIGITS)}`
}

const sha256Of = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
