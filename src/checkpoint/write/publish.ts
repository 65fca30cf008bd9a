import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncDirectory } from '../../store/atomic-file.js'
import { leftoverName, stepName } from '../names.js'

/** More writers of one step at once than anybody has. */
const MAX_TRIES = 100
/** That the name is another checkpoint's. Windows says EPERM. */
const TAKEN = ['ENOTEMPTY', 'EEXIST', 'EPERM']

/**
 * Gives a complete directory the name of its step, for good: the name is on the disk when this returns. One that had the
 * name before is found under another (names.ts) until the new one is there. Blocks. Throws the file system's errors.
 */
export function publish(directory: string, temporary: string, step: number): void {
  const target = join(directory, stepName(step))
  const replaced: string[] = []
  for (let tries = 1; !takeName(temporary, target, tries); tries++) {
    const old = join(directory, leftoverName(step, 'old'))
    if (moveAside(target, old)) replaced.push(old)
  }
  syncDirectory(directory)
  for (const old of replaced) removeQuietly(old)

  function takeName(from: string, to: string, tries: number): boolean {
    try {
      renameSync(from, to)
      return true
    } catch (error) {
      if (tries < MAX_TRIES && TAKEN.includes((error as NodeJS.ErrnoException).code ?? '')) return false
      putBack()
      throw error
    }
  }

  function removeQuietly(old: string): void {
    try {
      removeDirectory(directory, old, step)
    } catch {
      // The new one is safe. The next save removes it.
    }
  }

  /** The newest of those that we have moved, unless another writer has put its own there. */
  function putBack(): void {
    const old = replaced.at(-1)
    if (old !== undefined && !existsSync(target)) renameSync(old, target)
  }
}

/** False where another writer was quicker. */
function moveAside(target: string, old: string): boolean {
  try {
    renameSync(target, old)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return false
  }
}

/** Out of sight at once: what a crash leaves of it is no half checkpoint. Blocks. Throws the file system's errors. */
export function removeDirectory(directory: string, path: string, step: number): void {
  const gone = join(directory, leftoverName(step, 'gone'))
  try {
    renameSync(path, gone)
  } catch (error) {
    // Another writer removes it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  rmSync(gone, { recursive: true, force: true })
}
