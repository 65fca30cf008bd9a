import { constants, copyFileSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, normalize } from 'node:path'
import { MediaFileError } from '../../../media/checked-file.js'

/** What goes into `files/` of an offline run's directory. */
export interface PlacedFile {
  /** Path there, with `/`. */
  readonly name: string
  /** Absolute path of the content, or what makes it. */
  readonly source: string | (() => Uint8Array)
}

/** False for a path that leads out of the directory. */
export function isWithin(name: string): boolean {
  return name !== '' && !isAbsolute(name) && !normalize(name).startsWith('..')
}

/** What a file system says of a name that is too long, or of which another file has a part. */
const NAME_CODES: ReadonlySet<string | undefined> = new Set(['EEXIST', 'ENAMETOOLONG', 'ENOTDIR', 'EISDIR'])

/**
 * Puts a file where W&B's client looks for it, in place of one with this name. It costs no room where the file system
 * can share blocks, or can make links. Blocks. Throws MediaFileError where there can be no file of this name, and the
 * file system's other errors.
 */
export function placeFile(filesDirectory: string, file: PlacedFile): void {
  try {
    place(join(filesDirectory, file.name), file.source)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (!NAME_CODES.has(code)) throw error
    throw new MediaFileError(
      file.name,
      `cannot be beside the other files of the run (${code})`,
      'give it another name',
    )
  }
}

function place(target: string, source: PlacedFile['source']): void {
  // The name may be as long as the file system allows.
  const temporary = join(dirname(target), `.tmp-${process.pid}`)
  mkdirSync(dirname(target), { recursive: true })
  rmSync(temporary, { force: true })
  try {
    if (typeof source === 'string') share(source, temporary)
    else writeFileSync(temporary, source())
    renameSync(temporary, target)
  } finally {
    // Where both are links to one file, rename() leaves both.
    rmSync(temporary, { force: true })
  }
}

function share(source: string, target: string): void {
  for (const way of [clone, linkSync]) {
    try {
      way(source, target)
      return
    } catch {
      // Another file system, or one that cannot do it: a copy says what else is wrong.
    }
  }
  copyFileSync(source, target)
}

const clone = (source: string, target: string): void =>
  copyFileSync(source, target, constants.COPYFILE_FICLONE_FORCE)
