/**
 * Where W&B's client looks for offline runs: `wandb/offline-run-YYYYMMDD_HHMMSS-<id>/run-<id>.wandb`, the time being
 * local.
 *
 * What `wandb sync` has uploaded it marks, and leaves out from then on. If it is made to take it all the same, it
 * appends all of it to what W&B has, so that each row is there twice. A run that goes on after an upload therefore
 * goes on in a directory of its own, its next part, which `wandb sync` appends as it does its own runs' parts.
 */
import { closeSync, existsSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `startTime`: milliseconds since the epoch. `part`: from 0. A crash may make a part twice, so it has its name from
 * its number: a second later for each.
 */
export function directoryName(runId: string, startTime: number, part: number): string {
  const time = new Date(startTime + part * 1000)
  const two = (value: number): string => `${value}`.padStart(2, '0')
  const date = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`
  const clock = `${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`
  return `offline-run-${date}_${clock}-${runId}`
}

/** Makes `wandb/<directory>` in `root`; returns the path of the run's log. Blocks. */
export function makeRunDirectory(root: string, directory: string, runId: string): string {
  mkdirSync(filesPath(root, directory), { recursive: true })
  return logPath(root, directory, runId)
}

/** Where the files of a run are that its records name. */
export function filesPath(root: string, directory: string): string {
  return join(root, 'wandb', directory, 'files')
}

export function logPath(root: string, directory: string, runId: string): string {
  return join(root, 'wandb', directory, `run-${runId}.wandb`)
}

/** True where `wandb sync` has uploaded the log. Blocks. */
export function isUploaded(log: string): boolean {
  return existsSync(`${log}.synced`)
}

/** Marks the log as `wandb sync` does. Blocks. */
export function markUploaded(log: string): void {
  writeFileSync(`${log}.synced`, '')
}

/** True where the log holds these bytes at a position. Blocks. */
export function holdsAt(log: string, position: number, bytes: Uint8Array): boolean {
  const fd = openSync(log, 'r')
  try {
    const found = Buffer.alloc(bytes.length)
    readSync(fd, found, 0, found.length, position)
    return found.equals(bytes)
  } finally {
    closeSync(fd)
  }
}
