import { createHash } from 'node:crypto'
import { checkedValue } from '../../../media/checked-file.js'
import type { MediaRecordOf } from '../../../record/media.js'
import { safePath } from './file-name.js'
import type { RowlessFile } from './wandb-file.js'

/**
 * A model's topology, which no value of a line can show: a file of the run. Blocks. Throws as `loadMedia()` does.
 */
export function graphFile(runDir: string, record: MediaRecordOf<'graph'>): RowlessFile {
  const make = () => Buffer.from(JSON.stringify(checkedValue(runDir, record).model), 'utf8')
  const content = make()
  return {
    name: `media/graph/${safePath(record.name)}.json`,
    step: null,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    path: null,
    read: make,
  }
}
