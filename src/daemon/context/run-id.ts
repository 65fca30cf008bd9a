import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

// One directory more than a sweep makes in a second, by far.
const MAX_ATTEMPTS = 10_000

/** The run directory could not be made. Give a `dir` (or OFFSTEP_DIR) that can be written. */
export class RunDirectoryError extends Error {
  readonly code = 'OFFSTEP_RUN_DIRECTORY'
  readonly retryable = false

  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'RunDirectoryError'
  }
}

/** `{name}_{YYYYMMDD}_{HHMMSS}_{8 hex of the commit}` in local time; `nogit` where there is no commit. */
export function formatRunId(name: string, startTimeMs: number, commit: string | null): string {
  const time = new Date(startTimeMs)
  const two = (n: number) => String(n).padStart(2, '0')
  const date = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`
  const clock = `${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`
  return `${sanitizeName(name)}_${date}_${clock}_${commit === null ? 'nogit' : commit.slice(0, 8)}`
}

/** The name in `[A-Za-z0-9._-]`, fit to begin the name of a file; `run` where nothing is left of it. */
function sanitizeName(name: string): string {
  const ascii = name.normalize('NFKD').replace(/\p{M}/gu, '')
  const safe = ascii.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 128)
  // A leading dot hides the directory, a leading dash makes it an option of every shell command.
  return safe.replace(/^[.-]+|-+$/g, '') || 'run'
}

/**
 * Makes `root/project/id`, with `-2`, `-3` ... where that is taken: of two processes that ask for the same id
 * at once, each gets a directory of its own. Blocks. Throws RunDirectoryError.
 */
export function createRunDirectory(root: string, project: string, id: string): { id: string; dir: string } {
  const parent = join(root, project)
  try {
    mkdirSync(parent, { recursive: true })
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const candidate = attempt === 1 ? id : `${id}-${attempt}`
      const dir = join(parent, candidate)
      if (makeExclusive(dir)) return { id: candidate, dir }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new RunDirectoryError(
      `cannot make a run directory in ${parent} (${code}): set "dir" or OFFSTEP_DIR to a directory that can be written`,
      error,
    )
  }
  throw new RunDirectoryError(`${parent} holds ${MAX_ATTEMPTS} runs named ${id}: give another name or id`)
}

function makeExclusive(dir: string): boolean {
  try {
    mkdirSync(dir)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
