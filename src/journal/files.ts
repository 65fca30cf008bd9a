import fs from 'node:fs'
import path from 'node:path'

/** The file calls that the journal makes; a parameter, so that tests can make each of them fail. */
export interface JournalFs {
  openSync(path: string, flags: string): number
  closeSync(fd: number): void
  writeSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number
  fdatasyncSync(fd: number): void
  fsyncSync(fd: number): void
  mkdirSync(path: string, options: { recursive: true }): unknown
  readdirSync(path: string): string[]
  unlinkSync(path: string): void
}

export const realFs: JournalFs = fs

export const segmentName = (segment: number): string => `${String(segment).padStart(6, '0')}.log`
export const segmentPath = (directory: string, segment: number): string =>
  path.join(directory, segmentName(segment))

/** Numbers of the segments in a journal directory, ascending; none where there is no directory. */
export function listSegments(directory: string, files: Pick<JournalFs, 'readdirSync'> = realFs): number[] {
  let names: string[]
  try {
    names = files.readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return names
    .map((name) => /^(\d{6,})\.log$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}

/** Makes the entries of a directory durable: a new file is only as safe as its name. */
export function syncDirectory(directory: string, files: JournalFs = realFs): void {
  const fd = files.openSync(directory, 'r')
  try {
    files.fsyncSync(fd)
  } finally {
    files.closeSync(fd)
  }
}

/** Makes a directory and those above it, and makes durable that they are there. */
export function makeDirectory(directory: string, files: JournalFs = realFs): void {
  const first = files.mkdirSync(directory, { recursive: true })
  if (typeof first !== 'string') return
  for (let made = directory; made.length >= first.length; made = path.dirname(made)) {
    syncDirectory(path.dirname(made), files)
  }
}
