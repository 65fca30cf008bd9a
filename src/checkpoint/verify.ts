import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sentenceOf } from './errors.js'
import { type Manifest, readManifest } from './manifest.js'
import type { CheckpointFile } from './types.js'

const CHUNK_BYTES = 4 * 1024 * 1024

/** How a checkpoint is looked at: `size` is quick, and finds what is gone or cut off; `hash` reads every byte. */
export type Depth = 'size' | 'hash'

/** One sentence for each file that is not as it was saved; empty: the checkpoint is good. Blocks while it reads. */
export function problemsOf(directory: string, depth: Depth): string[] {
  let manifest: Manifest
  try {
    manifest = readManifest(directory)
  } catch (error) {
    return [sentenceOf(error)]
  }
  return manifest.files.map((file) => problemOf(directory, file, depth)).filter((problem) => problem !== null)
}

function problemOf(directory: string, file: CheckpointFile, depth: Depth): string | null {
  const path = join(directory, file.path)
  const fix = 'use another checkpoint, or put the file back'
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.isFile()) return `${path} is not there: ${fix}`
  if (stats.size !== file.bytes) return `${path} has ${stats.size} of ${file.bytes} bytes: ${fix}`
  if (depth === 'size') return null
  try {
    if (hashFile(path) === file.sha256) return null
    return `${path} is damaged (its SHA-256 is not the one in checkpoint.json): ${fix}`
  } catch (error) {
    return `${path} cannot be read (${(error as NodeJS.ErrnoException).code}): ${fix}`
  }
}

function hashFile(path: string): string {
  const hash = createHash('sha256')
  for (const chunk of chunksOf(path)) hash.update(chunk)
  return hash.digest('hex')
}

/** The bytes of a file, piece by piece, in one buffer again and again. */
export function* chunksOf(path: string): Generator<Buffer> {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, fstatSync(file).size + 1))
    for (let bytes = readSync(file, buffer); bytes > 0; bytes = readSync(file, buffer))
      yield buffer.subarray(0, bytes)
  } finally {
    closeSync(file)
  }
}
