import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { bytesBefore, journalBytes } from '../../journal/size.js'
import { IndexFile } from './index-file.js'

/** Less is read while a thread would start. */
const WORTH_A_THREAD_BYTES = 32 * 2 ** 20

/**
 * Brings the indexes of runs up to date on another thread, where that takes long: whoever opens them then finds them on
 * the disk. Resolves when they are; without a word where they cannot be: they are made again by whoever needs them.
 */
export async function indexAhead(runDirs: readonly string[]): Promise<void> {
  const behind = runDirs.filter((runDir) => bytesBehind(runDir) > WORTH_A_THREAD_BYTES)
  if (behind.length === 0) return
  const worker = new Worker(new URL('../../../workers/index-series.js', import.meta.url), {
    workerData: behind,
  })
  await new Promise((resolve) => worker.on('error', resolve).on('exit', resolve))
}

/** Bytes of the journal that are not in the index. */
function bytesBehind(runDir: string): number {
  const journal = join(runDir, 'journal')
  const file = IndexFile.open(runDir)
  file?.close()
  const indexed = file === null ? 0 : bytesBefore(journal, file.head.place.position)
  return journalBytes(journal) - indexed
}
