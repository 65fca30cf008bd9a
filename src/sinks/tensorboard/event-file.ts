/**
 * Names of event files: `events.out.tfevents.<10-digit seconds>.<8-digit serial>.offstep`. TensorBoard reads
 * the files of a directory in the order of their names, and takes any name with "tfevents" for one. Every name
 * here sorts after the directory's last: the seconds never go back, and the serial counts up.
 */
import { closeSync, fstatSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppendFile, fileCrc, lostFile } from '../file/append-file.js'

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

/** What is committed of a directory's event files. */
export interface CommittedFiles {
  /** The last one, and how much of it is committed. */
  readonly file: string
  readonly length: number
  /** CRC-32 of all files, one after the other in the order of their names. */
  readonly crc: number
  /** The files before the last one, which are committed whole. */
  readonly earlier: { readonly files: number; readonly bytes: number }
}

/** Cursors of older versions have no checksum. */
export type KnownFiles = Pick<CommittedFiles, 'file' | 'length'> & {
  readonly [Key in 'crc' | 'earlier']?: CommittedFiles[Key] | undefined
}

export interface RecoveredDirectory {
  readonly committed: CommittedFiles | undefined
  /** The last name that was used here, if only by a file that was never committed. */
  readonly newestName: string | undefined
}

/**
 * Brings a directory back to what was committed: its last file cut to its length, our later files removed (all
 * of ours, where nothing was). Files of others are left alone. `suspect`: all bytes are compared with the
 * checksum. Throws a `rebuild` SinkError where a committed file is gone, too short, or not the same.
 */
export function recoverDirectory(
  path: string,
  known: KnownFiles | undefined,
  suspect: boolean,
): RecoveredDirectory {
  const committed = known === undefined ? undefined : recoverFiles(path, known, suspect)
  const later = ownNames(path).filter((name) => name > (known?.file ?? ''))
  for (const name of later) rmSync(join(path, name))
  return { committed, newestName: later.at(-1) ?? known?.file }
}

function recoverFiles(path: string, known: KnownFiles, suspect: boolean): CommittedFiles {
  const last = join(path, known.file)
  AppendFile.open(last, { length: known.length, crc: 0 }).close()
  const names = ownNames(path).filter((name) => name < known.file)
  const earlier = { files: names.length, bytes: 0 }
  for (const name of names) earlier.bytes += statSync(join(path, name)).size
  if (known.earlier !== undefined && !sameFiles(known.earlier, earlier)) {
    throw lostFile(path, 'FILES_CHANGED', 'holds other event files than were written to it')
  }
  if (known.crc !== undefined && !suspect) return { ...known, crc: known.crc, earlier }
  const crc = crcOf([...names, known.file].map((name) => join(path, name)))
  if (known.crc === crc || (known.crc === undefined && !suspect)) return { ...known, crc, earlier }
  throw lostFile(path, 'FILE_CHANGED', 'may not hold what was written before the machine was restarted')
}

/** Our event files in a directory, in the order in which they are read. */
export function ownNames(path: string): string[] {
  return readdirSync(path)
    .filter((name) => OWN_NAME.test(name))
    .sort()
}

const sameFiles = (a: CommittedFiles['earlier'], b: CommittedFiles['earlier']): boolean =>
  a.files === b.files && a.bytes === b.bytes

/** Of files that end where they should. */
function crcOf(files: readonly string[]): number {
  let crc = 0
  for (const file of files) {
    const fd = openSync(file, 'r')
    try {
      crc = fileCrc(fd, fstatSync(fd).size, crc)
    } finally {
      closeSync(fd)
    }
  }
  return crc
}
