import { createHash } from 'node:crypto'
import { renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeDirectory } from '../media/store.js'
import type { MediaFile } from '../record/media.js'
import { syncDirectory, temporaryPath, writeFileAtomic } from '../store/atomic-file.js'
import { type CopiedContent, copyFile, Hashes } from './copy.js'

/** Of the run directory: content by its SHA-256, once, whatever it is called. */
export const FILES = 'artifacts/files'

/** Content that the run directory has. */
export interface KeptContent {
  readonly file: MediaFile
  /** In base64. */
  readonly md5: string
}

/**
 * Keeps the content of a file, as it is now, in `artifacts/files/<sha256>` of the run directory. It is on the disk,
 * complete, when this returns. Throws a MediaError where the source cannot be read, and the file system's errors where
 * the run directory does not take it. Blocks.
 */
export function keepFile(runDir: string, source: string): KeptContent {
  makeDirectory(runDir, FILES)
  const copy = temporaryPath(join(runDir, FILES, nameOfCopy(source)))
  try {
    const content = copyFile(source, copy)
    const kept = keptOf(content)
    if (!isThere(runDir, kept.file)) {
      renameSync(copy, join(runDir, kept.file.path))
      syncDirectory(dirname(copy))
    }
    return kept
  } finally {
    rmSync(copy, { force: true })
  }
}

/** As `keepFile()`, of bytes. */
export function keepBytes(runDir: string, bytes: Uint8Array): KeptContent {
  const kept = keptOf(new Hashes().update(bytes).content())
  if (isThere(runDir, kept.file)) return kept
  makeDirectory(runDir, FILES)
  writeFileAtomic(join(runDir, kept.file.path), bytes, { sync: true })
  return kept
}

function keptOf({ bytes, sha256, md5 }: CopiedContent): KeptContent {
  return { file: { path: `${FILES}/${sha256}`, bytes, sha256 }, md5 }
}

const isThere = (runDir: string, { path, bytes }: MediaFile): boolean =>
  statSync(join(runDir, path), { throwIfNoEntry: false })?.size === bytes

/** Short, whatever the source is called. */
const nameOfCopy = (source: string): string => createHash('sha256').update(source).digest('hex').slice(0, 16)
