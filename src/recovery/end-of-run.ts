import fs from 'node:fs'
import path from 'node:path'
import { listSegments, segmentPath } from '../journal/files.js'
import type { RunFile } from '../store/run-file.js'
import { readLock } from '../store/run-lock.js'

/** The run with its end: `crashed`, at its last sign of life, where its process wrote none. */
export function endOf(runDir: string, file: RunFile): RunFile {
  if (file.status !== 'running') return file
  const start = Date.parse(file.startTime)
  const end = Math.max(start, lastSignOfLife(runDir) ?? start)
  return {
    ...file,
    status: 'crashed',
    endTime: new Date(end).toISOString(),
    durationSeconds: (end - start) / 1000,
  }
}

/** The newer of the last journal write and what the owner's lock says. */
function lastSignOfLife(runDir: string): number | null {
  const directory = path.join(runDir, 'journal')
  const last = listSegments(directory).at(-1)
  if (last !== undefined) return Math.round(fs.statSync(segmentPath(directory, last)).mtimeMs)
  const { owner } = readLock(runDir)
  return owner?.role === 'run' ? owner.beat : null
}
