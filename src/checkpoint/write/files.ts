import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { copyFile } from '../../artifact/copy.js'
import { sortedByPath } from '../../artifact/paths.js'
import { syncDirectory } from '../../store/atomic-file.js'
import type { CheckpointCompression, CheckpointFile } from '../types.js'
import { asCheckpointErrors, type Contents } from './contents.js'
import { writeBytes, writeTensors } from './output.js'

/** All but `checkpoint.json`; each file is on the disk when this resolves. Paths in the order of their UTF-8 bytes. */
export async function writeFiles(
  temporary: string,
  contents: Contents,
  compression: CheckpointCompression,
): Promise<CheckpointFile[]> {
  const files: CheckpointFile[] = []
  const make = (path: string): string => {
    mkdirSync(dirname(join(temporary, path)), { recursive: true })
    return join(temporary, path)
  }
  for (const { path, file } of contents.tensorFiles) {
    files.push({ path, ...(await writeTensors(make(path), file, compression)) })
  }
  for (const { path, bytes } of contents.jsonFiles) files.push({ path, ...writeBytes(make(path), bytes) })
  for (const { path, source } of contents.copies) {
    const { bytes, sha256 } = asCheckpointErrors(() => copyFile(source, make(path)))
    files.push({ path, bytes, sha256 })
  }
  return sortedByPath(files)
}

/** Makes the names durable: of the directories that hold the files, then of the checkpoint's own. */
export function syncDirectories(temporary: string, files: readonly CheckpointFile[]): void {
  const directories = new Set(['.'])
  for (const { path } of files) {
    for (let at = dirname(path); at !== '.'; at = dirname(at)) directories.add(at)
  }
  const innermostFirst = [...directories].sort((a, b) => b.length - a.length)
  for (const directory of innermostFirst) syncDirectory(join(temporary, directory))
}
