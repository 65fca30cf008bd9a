/**
 * Event files as TensorFlow's writer names them: `events.out.tfevents.<10-digit seconds>.<host>.<pid>.<serial>`
 * and the suffix. TensorBoard reads the files of a directory in the order of their names, so a new one gets
 * seconds that are past those of every file there.
 */
import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

const EVENT_FILE = /tfevents\.(\d{10})\./

/** Files made by this thread: two writers of one process never share a name. */
let serial = 0

/**
 * Makes the directory, and an empty event file that sorts after all others in it; returns its path. Throws what
 * the disk says.
 */
export function createEventFile(logdir: string, suffix: string): string {
  mkdirSync(logdir, { recursive: true })
  const seconds = Math.max(Math.floor(Date.now() / 1000), newestSeconds(logdir) + 1)
  const start = `events.out.tfevents.${String(seconds).padStart(10, '0')}.${hostname()}.${process.pid}`
  const end = suffix === '' || suffix.startsWith('.') ? suffix : `.${suffix}`
  for (;;) {
    const path = join(logdir, `${start}.${serial++}${end}`)
    if (create(path)) return path
  }
}

function newestSeconds(logdir: string): number {
  let newest = 0
  for (const name of readdirSync(logdir)) newest = Math.max(newest, Number(EVENT_FILE.exec(name)?.[1] ?? 0))
  return newest
}

/** False where another thread was first. */
function create(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx'))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
