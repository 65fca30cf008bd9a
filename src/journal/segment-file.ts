import path from 'node:path'
import { type JournalFs, syncDirectory } from './files.js'

/**
 * Makes a segment's file with its first bytes, and its name durable. Gives its descriptor. Where that fails, the
 * file is removed again if that can be done: hours of a full disk must not leave thousands of empty ones.
 */
export function createSegment(files: JournalFs, file: string, parts: readonly Buffer[]): number {
  const fd = files.openSync(file, 'wx')
  try {
    let offset = 0
    for (const part of parts) {
      writeFully(files, fd, part, offset)
      offset += part.length
    }
    syncDirectory(path.dirname(file), files)
    return fd
  } catch (error) {
    closeQuietly(files, fd)
    removeQuietly(files, file)
    throw error
  }
}

export function closeQuietly(files: JournalFs, fd: number): void {
  try {
    files.closeSync(fd)
  } catch {
    // The descriptor is gone either way, and the error that made us leave is the one to report.
  }
}

function removeQuietly(files: JournalFs, file: string): void {
  try {
    files.unlinkSync(file)
  } catch {
    // It stays, and the next segment gets another number.
  }
}

function writeFully(files: JournalFs, fd: number, buffer: Buffer, position: number): void {
  let done = 0
  while (done < buffer.length)
    done += files.writeSync(fd, buffer, done, buffer.length - done, position + done)
}
