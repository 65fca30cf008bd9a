import { constants, copyFileSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, normalize } from 'node:path'

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

/**
 * Puts a file where W&B's client looks for it, in place of one with this name. It costs no room where the file system
 * can share blocks, or can make links. Blocks. Throws the file system's errors.
 */
export function placeFile(filesDirectory: string, { name, source }: PlacedFile): void {
  const target = join(filesDirectory, name)
  const temporary = `${target}.tmp-${process.pid}`
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
