/** The files `lock/<number>.json` of a run directory: how they are made, read and followed. See run-lock.ts. */
import fs from 'node:fs'
import path from 'node:path'
import { temporaryPath, writeFileAtomic } from './atomic-file.js'
import { isNoRoom } from './disk-space.js'
import type { LockOwner } from './lock-owner.js'

export interface LockFile {
  readonly number: number
  /** Null: the file cannot be read (a power cut may have left it empty). */
  readonly owner: LockOwner | null
  readonly text: string
}

/** Makes the file of a number, with its whole content at once. False where it exists. */
export function createLockFile(runDir: string, number: number, owner: LockOwner): boolean {
  fs.mkdirSync(path.join(runDir, 'lock'), { recursive: true })
  return createExclusive(lockPath(runDir, number), textOf(owner))
}

export function replaceLockFile(runDir: string, number: number, owner: LockOwner): void {
  const file = lockPath(runDir, number)
  try {
    writeFileAtomic(file, textOf(owner))
  } catch (error) {
    // The old file has room for the new text: a full disk must not keep a run locked, or take it from its owner.
    if (!isNoRoom((error as NodeJS.ErrnoException).code)) throw error
    overwrite(file, textOf(owner))
  }
}

export function removeLockFile(runDir: string, number: number): void {
  fs.rmSync(lockPath(runDir, number), { force: true })
}

const textOf = (owner: LockOwner): string => `${JSON.stringify(owner)}\n`

const lockPath = (runDir: string, number: number): string =>
  path.join(runDir, 'lock', `${String(number).padStart(6, '0')}.json`)

function listNumbers(runDir: string): number[] {
  try {
    return fs
      .readdirSync(path.join(runDir, 'lock'))
      .map((name) => /^(\d{6,})\.json$/.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** The file with the highest number; null where there is none. */
export function readNewest(runDir: string): LockFile | null {
  for (;;) {
    const numbers = listNumbers(runDir)
    if (numbers.length === 0) return null
    const number = Math.max(...numbers)
    let text: string
    try {
      text = fs.readFileSync(lockPath(runDir, number), 'utf8')
    } catch (error) {
      // Removed since: there is a newer one now.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
      throw error
    }
    return { number, owner: parseOwner(text), text }
  }
}

function parseOwner(text: string): LockOwner | null {
  try {
    const owner = JSON.parse(text) as LockOwner
    return typeof owner.nonce === 'string' && typeof owner.pid === 'number' ? owner : null
  } catch {
    return null
  }
}

/** In place, by one write: a reader that meets the middle of it takes the owner for one that it cannot see. */
function overwrite(file: string, text: string): void {
  const fd = fs.openSync(file, 'r+')
  try {
    const bytes = Buffer.from(
      text
        .trimEnd()
        .padEnd(fs.fstatSync(fd).size - 1)
        .concat('\n'),
    )
    fs.writeSync(fd, bytes, 0, bytes.length, 0)
  } finally {
    fs.closeSync(fd)
  }
}

/** Makes the file with its whole content at once. False where it exists. */
function createExclusive(file: string, text: string): boolean {
  const temporary = temporaryPath(file)
  try {
    fs.writeFileSync(temporary, text, { flag: 'wx' })
    fs.linkSync(temporary, file)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    // A file system without hard links: its content follows a moment later, and is "silent" until then.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EMLINK') {
      return createInPlace(file, text)
    }
    throw error
  } finally {
    fs.rmSync(temporary, { force: true })
  }
}

function createInPlace(file: string, text: string): boolean {
  try {
    fs.writeFileSync(file, text, { flag: 'wx' })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (isNoRoom(code)) fs.rmSync(file, { force: true })
    throw error
  }
}

/** Removes what is older than the file before `number`: that one stays, since a directory listing that runs meanwhile must meet one of the two. */
export function removeOlder(runDir: string, number: number): void {
  for (const old of listNumbers(runDir)) {
    if (old < number - 1) removeLockFile(runDir, old)
  }
}
