import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Tells threads apart, and processes that had the same pid (the first one of each container has 1). */
const writer = `${process.pid}-${randomBytes(4).toString('hex')}`
const TEMPORARY = /^\..+\.(\d+)-[0-9a-f]{8}-\d+\.tmp$/
let written = 0

/**
 * Replaces a file so that a reader, and a crash of the process at any point, finds the old content or the new one.
 * With `sync` the same holds for a power cut, and the new content is on the disk when this returns.
 *
 * Blocks: not for the training thread. Errors are those of the file system; the file is then as it was.
 */
export function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: { sync?: boolean } = {},
): void {
  const directory = dirname(path)
  const temporary = temporaryPath(path)
  try {
    writeNew(temporary, content, options.sync === true)
    renameSync(temporary, path)
  } catch (error) {
    removeQuietly(temporary)
    throw error
  }
  if (options.sync) syncDirectory(directory)
}

/** Beside `path`, and nobody else's: what a crash leaves there is removed by `removeTemporaryFiles()`. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${writer}-${written++}.tmp`)
}

/**
 * Removes what `writeFileAtomic()` left in a directory because its process was killed. Files of a process that
 * lives are left alone. To be called by the owner of the run's lock; throws the file system's errors. Blocks.
 */
export function removeTemporaryFiles(directory: string): void {
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  for (const name of names) {
    const pid = Number(TEMPORARY.exec(name)?.[1] ?? Number.NaN)
    const path = join(directory, name)
    if (!Number.isNaN(pid) && !mayBeInUse(path, pid)) rmSync(path, { force: true })
  }
}

/** Makes the names in a directory durable. Windows cannot open one, and orders renames by its journal. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function writeNew(path: string, content: string | Uint8Array, sync: boolean): void {
  const file = openSync(path, 'wx')
  try {
    writeFileSync(file, content)
    if (sync) fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** The error that made us give the file up is the one to report. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // The next owner of the directory removes it.
  }
}

function mayBeInUse(path: string, pid: number): boolean {
  if (pid === process.pid) return modifiedMs(path) >= Date.now() - process.uptime() * 1000
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
