/**
 * Names of event files: `events.out.tfevents.<10-digit seconds>.<8-digit serial>.offstep`. TensorBoard reads
 * the files of a directory in the order of their names, and takes any name with "tfevents" for one. Every name
 * here sorts after the directory's last: the seconds never go back, and the serial counts up.
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { AppendFile } from '../file/append-file.js'

const OWN_NAME = /^events\.out\.tfevents\.(\d{10})\.(\d{8})\.offstep$/

/** The name after `previous` (undefined: the first of its directory), given the time in ms since the epoch. */
export function nextEventFileName(previous: string | undefined, now: number): string {
  const [, lastSeconds = 0, lastSerial = 0] = (previous && OWN_NAME.exec(previous)) || []
  const seconds = Math.max(Math.floor(now / 1000), Number(lastSeconds))
  const serial = Number(lastSerial) + 1
  return `events.out.tfevents.${padded(seconds, 10)}.${padded(serial, 8)}.offstep`
}

function padded(value: number, digits: number): string {
  return value.toString().padStart(digits, '0')
}

/** A committed event file, and the committed length of it. */
export interface CommittedFile {
  readonly file: string
  readonly length: number
}

/**
 * Brings a directory back to what was committed: its last file cut to its length, our later files removed (all
 * of ours, where nothing was). Returns the last name that was used there. Files of others are left alone.
 * Throws a `rebuild` SinkError where the committed file is gone or too short.
 */
export function recoverDirectory(path: string, committed: CommittedFile | undefined): string | undefined {
  if (committed !== undefined) AppendFile.open(join(path, committed.file), committed.length).close()
  const later = readdirSync(path)
    .filter((name) => OWN_NAME.test(name) && name > (committed?.file ?? ''))
    .sort()
  for (const name of later) rmSync(join(path, name))
  return later.at(-1) ?? committed?.file
}
