import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { basename, join } from 'node:path'
import { RUN_FILE_NAME } from '../store/run-file.js'
import { listRuns } from '../store/runs/named-runs.js'
import type { ImportedRunFile } from './types.js'

const BUFFER_BYTES = 1024 * 1024
/** Of the hash, at the end of a run's id, where other runs have their commit. */
export const ID_DIGITS = 8

/** SHA-256 of the names and the content of files, in this order. Blocks. */
export function hashFiles(files: readonly string[]): string {
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(BUFFER_BYTES)
  for (const path of files) {
    hash.update(`${basename(path)}\0`)
    const file = openSync(path, 'r')
    try {
      for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
        hash.update(buffer.subarray(0, read))
      }
    } finally {
      closeSync(file)
    }
  }
  return hash.digest('hex')
}

/** The run below a root that was imported from the same content; null where there is none. */
export function findImported(root: string, sha256: string): { id: string; dir: string } | null {
  const ending = `_${sha256.slice(0, ID_DIGITS)}`
  // The content's hash is part of the name: thousands of other runs need not be read.
  const candidates = listRuns(root).filter(({ id }) => id.includes(ending))
  return candidates.find(({ dir }) => importedFrom(dir) === sha256) ?? null
}

function importedFrom(dir: string): string | undefined {
  try {
    const file = JSON.parse(readFileSync(join(dir, RUN_FILE_NAME), 'utf8')) as Partial<ImportedRunFile>
    return file.imported?.sha256
  } catch {
    // Whatever it is, it is not this run.
    return undefined
  }
}
