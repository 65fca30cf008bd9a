import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { writeFileAtomic } from '../store/atomic-file.js'

/** Null where there is none. Throws the file system's errors. */
export function readOld(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Keeps what a file held beside it: report.old.md, report.old-2.md. Returns the path. Throws the file system's errors. */
export function keepOld(path: string, content: string): string {
  const ending = extname(path)
  const stem = join(dirname(path), `${basename(path, ending)}.old`)
  for (let number = 1; ; number++) {
    const kept = `${stem}${number === 1 ? '' : `-${number}`}${ending}`
    if (existsSync(kept) && readFileSync(kept, 'utf8') !== content) continue
    writeFileAtomic(kept, content)
    return kept
  }
}

/** The line ends that a file has. */
export const withLineEndsOf = (old: string | null, text: string): string =>
  old?.includes('\r\n') ? text.replace(/\r?\n/g, '\r\n') : text
