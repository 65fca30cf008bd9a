import fs from 'node:fs'
import path from 'node:path'

/** A file of a run directory, or a directory in it with all that it holds. */
export interface RunEntry {
  /** Directories end with `/`. */
  readonly name: string
  readonly bytes: number
  /** 1 for a file. */
  readonly files: number
}

/** What a run directory holds, by name. Blocks: a file call for each file in it. */
export function filesOf(dir: string): RunEntry[] {
  return entriesOf(dir)
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => {
      const inside = entry.isDirectory()
        ? filesWithin(path.join(dir, entry.name))
        : [path.join(dir, entry.name)]
      const bytes = inside.reduce((sum, file) => sum + sizeOf(file), 0)
      return { name: entry.isDirectory() ? `${entry.name}/` : entry.name, bytes, files: inside.length }
    })
    .filter(({ files }) => files > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function filesWithin(dir: string): string[] {
  return entriesOf(dir).flatMap((entry) => {
    const inside = path.join(dir, entry.name)
    return entry.isDirectory() ? filesWithin(inside) : [inside]
  })
}

/** None where a live run has removed the directory meanwhile. */
function entriesOf(dir: string): fs.Dirent[] {
  try {
    return fs.readdirSync(dir, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const sizeOf = (file: string): number => fs.lstatSync(file, { throwIfNoEntry: false })?.size ?? 0
