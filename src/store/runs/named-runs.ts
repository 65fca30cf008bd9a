import fs from 'node:fs'
import path from 'node:path'
import { closest } from '../../options/suggest.js'
import { RUN_FILE_NAME } from '../run-file.js'

export interface NamedRun {
  readonly project: string
  readonly id: string
  readonly dir: string
}

/** Where runs are: what is given, else OFFSTEP_DIR, else `./runs`. Absolute. */
export function rootOf(dir: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  return path.resolve(dir ?? (env.OFFSTEP_DIR || './runs'))
}

/**
 * The directories where runs may be. Names only: a root with thousands of runs must not cost thousands of file reads.
 * None where there is no root. A project of somebody else that we may not read is left out; throws the file system's
 * error where the root cannot be read: to say that it has no runs would be wrong.
 */
export function listRuns(root: string): NamedRun[] {
  return directoriesIn(root, ABSENT).flatMap((project) =>
    directoriesIn(path.join(root, project), ABSENT_OR_CLOSED).map((id) => ({
      project,
      id,
      dir: path.join(root, project, id),
    })),
  )
}

/** What a name means below a root. */
export interface LookUp {
  /** None, one, or several whose names begin so. */
  readonly found: readonly { readonly dir: string; readonly name: string }[]
  /** The id that is most like the name, where none was found. */
  readonly near: string | null
  /** All runs there are. */
  readonly runs: number
}

/** By path (of the directory or its run.json), as `id` or `project/id`, or by the beginning of either. */
export function lookUp(name: string, root: string): LookUp {
  const asPath = runAt(name)
  if (asPath !== null) return { found: [{ dir: asPath, name }], near: null, runs: 1 }
  const runs = listRuns(root)
  const exact = runs.filter(({ id, project }) => id === name || `${project}/${id}` === name)
  const wanted = name.replace(/\/+$/, '')
  const found = exact.length > 0 ? exact : runs.filter((run) => begins(run, wanted))
  return {
    found: found.map(({ project, id, dir }) => ({ dir, name: `${project}/${id}` })),
    near: found.length > 0 ? null : nearest(name, runs),
    runs: runs.length,
  }
}

function begins({ project, id }: NamedRun, prefix: string): boolean {
  // Of the project only where it is given: else the first letters of a project would mean all of its runs.
  return prefix !== '' && (prefix.includes('/') ? `${project}/${id}` : id).startsWith(prefix)
}

function runAt(name: string): string | null {
  if (name === '') return null
  const dir = path.resolve(path.basename(name) === RUN_FILE_NAME ? path.dirname(name) : name)
  return fs.existsSync(path.join(dir, RUN_FILE_NAME)) ? dir : null
}

/** By the whole id, else by as many of its first characters as were given. */
function nearest(name: string, runs: readonly NamedRun[]): string | null {
  const ids = runs.map(({ id }) => id)
  const whole = closest(name, ids)
  if (whole !== null) return whole
  const start = closest(
    name,
    ids.map((id) => id.slice(0, name.length)),
  )
  return start === null ? null : ids.find((id) => id.startsWith(start))!
}

/** Never there, or removed meanwhile. */
const ABSENT: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR']
const ABSENT_OR_CLOSED = [...ABSENT, 'EACCES', 'EPERM']

function directoriesIn(dir: string, none: readonly (string | undefined)[]): string[] {
  try {
    return fs
      .readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    if (none.includes((error as NodeJS.ErrnoException).code)) return []
    throw error
  }
}
