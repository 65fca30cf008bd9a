import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { JournalReader } from '../journal/reader.js'
import type { MediaFile } from '../record/media.js'
import type { MediaCheck } from './report.js'

/** Compares every file that a media record names with its size and SHA-256. Blocks, a file at a time. */
export async function checkMedia(runDir: string): Promise<MediaCheck> {
  const files = new Map<string, MediaFile>()
  let records = 0
  const reader = new JournalReader(path.join(runDir, 'journal'))
  try {
    for (let batch = reader.read(); batch !== null; batch = reader.read()) {
      records += batch.media.size
      for (const { file } of batch.media.values()) if (file !== undefined) files.set(file.path, file)
    }
  } finally {
    reader.close()
  }
  const missing: string[] = []
  const damaged: string[] = []
  let bytes = 0
  for (const file of files.values()) {
    const state = stateOf(runDir, file)
    if (state === 'missing') missing.push(file.path)
    else if (state === 'damaged') damaged.push(file.path)
    else bytes += file.bytes
    await new Promise((resolve) => setImmediate(resolve))
  }
  const result = missing.length > 0 ? 'missing' : damaged.length > 0 ? 'damaged' : 'ok'
  return { result, records, files: files.size, bytes, missing, damaged }
}

function stateOf(runDir: string, file: MediaFile): 'ok' | 'missing' | 'damaged' {
  const name = path.join(runDir, file.path)
  const size = statSync(name, { throwIfNoEntry: false })?.size
  if (size === undefined) return 'missing'
  if (size !== file.bytes) return 'damaged'
  const sha256 = createHash('sha256').update(readFileSync(name)).digest('hex')
  return sha256 === file.sha256 ? 'ok' : 'damaged'
}
