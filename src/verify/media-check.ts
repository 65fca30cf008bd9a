import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import path from 'node:path'
import { JournalReader } from '../journal/reader.js'
import { checkedValue, MediaFileError } from '../media/checked-file.js'
import type { MediaFile, MediaRecord } from '../record/media.js'
import type { MediaCheck } from './report.js'

const CHUNK_BYTES = 1024 * 1024

/**
 * Compares every file that a media record names, and those of an artifact, with its size and SHA-256. Blocks, a chunk
 * of a file at a time.
 */
export async function checkMedia(runDir: string): Promise<MediaCheck> {
  const files = new Map<string, MediaFile>()
  let records = 0
  const reader = new JournalReader(path.join(runDir, 'journal'))
  try {
    for (let batch = reader.read(); batch !== null; batch = reader.read()) {
      records += batch.media.size
      for (const record of batch.media.values()) {
        for (const file of filesOf(runDir, record)) files.set(file.path, file)
      }
    }
  } finally {
    reader.close()
  }
  const missing: string[] = []
  const damaged: string[] = []
  let bytes = 0
  for (const file of files.values()) {
    const state = await stateOf(runDir, file)
    if (state === 'missing') missing.push(file.path)
    else if (state === 'damaged') damaged.push(file.path)
    else bytes += file.bytes
  }
  const result = missing.length > 0 ? 'missing' : damaged.length > 0 ? 'damaged' : 'ok'
  return { result, records, files: files.size, bytes, missing, damaged }
}

function filesOf(runDir: string, record: MediaRecord): MediaFile[] {
  const own = record.file === undefined ? [] : [record.file]
  if (record.kind !== 'artifact') return own
  try {
    return [...own, ...checkedValue(runDir, record).entries.flatMap(({ file }) => file ?? [])]
  } catch (error) {
    // The file with the list of files is gone or damaged, and is told as such.
    if (error instanceof MediaFileError) return own
    throw error
  }
}

async function stateOf(runDir: string, file: MediaFile): Promise<'ok' | 'missing' | 'damaged'> {
  const name = path.join(runDir, file.path)
  const size = statSync(name, { throwIfNoEntry: false })?.size
  if (size === undefined) return 'missing'
  if (size !== file.bytes) return 'damaged'
  return (await sha256Of(name)) === file.sha256 ? 'ok' : 'damaged'
}

async function sha256Of(name: string): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  const file = openSync(name, 'r')
  try {
    for (let bytes = readSync(file, buffer); bytes > 0; bytes = readSync(file, buffer)) {
      hash.update(buffer.subarray(0, bytes))
      await new Promise((resolve) => setImmediate(resolve))
    }
    return hash.digest('hex')
  } finally {
    closeSync(file)
  }
}
