import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { threadId } from 'node:worker_threads'

let written = 0

/**
 * Replaces a file so that a reader, and a crash of the process at any point, finds the old text or the new one.
 * With `sync` the same holds for a power cut, and the new text is on the disk when this returns.
 *
 * Blocks: not for the training thread. Errors are those of the file system; the file is then as it was.
 */
export function writeFileAtomic(path: string, text: string, options: { sync?: boolean } = {}): void {
  const directory = dirname(path)
  const temporary = join(directory, `.${basename(path)}.${process.pid}-${threadId}-${written++}.tmp`)
  try {
    writeNew(temporary, text, options.sync === true)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  if (options.sync) syncDirectory(directory)
}

function writeNew(path: string, text: string, sync: boolean): void {
  const file = openSync(path, 'wx')
  try {
    writeFileSync(file, text)
    if (sync) fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** The rename itself lives in the directory. Windows cannot open one, and orders renames by its journal. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
