import fs from 'node:fs'
import path from 'node:path'
import { closest } from '../options/suggest.js'
import { RUN_FILE_NAME } from '../store/run-file.js'
import { CliError } from './errors.js'
import type { GlobalOptions } from './output.js'
import { printable } from './text.js'

const MAX_CANDIDATES = 8

/** Where runs are looked for: `--dir`, else OFFSTEP_DIR, else `./runs`. Absolute. */
export function rootOf({ dir }: Pick<GlobalOptions, 'dir'>, env: NodeJS.ProcessEnv = process.env): string {
  return path.resolve(dir ?? (env.OFFSTEP_DIR || './runs'))
}

/**
 * The directory of the run that a user names: by its path (of the directory or its run.json), as `id` or
 * `project/id`, or by the beginning of either where only one run has it. Absolute.
 *
 * Throws a CliError that lists the candidates where it is ambiguous, and says what is near where it is unknown.
 */
export function resolveRun(name: string, root: string): string {
  const asPath = runAt(name)
  if (asPath !== null) return asPath
  const runs = listRuns(root)
  const exact = runs.filter(({ id, project }) => id === name || `${project}/${id}` === name)
  const wanted = name.replace(/\/+$/, '')
  const found = exact.length > 0 ? exact : runs.filter((run) => begins(run, wanted))
  if (found.length === 1) return found[0]!.dir
  if (found.length > 1) throw ambiguous(name, found)
  throw unknown(name, root, runs)
}

export interface NamedRun {
  readonly project: string
  readonly id: string
  readonly dir: string
}

/** The directories where runs may be. Names only: a root with thousands of runs must not cost thousands of file reads. */
export function listRuns(root: string): NamedRun[] {
  return directoriesIn(root).flatMap((project) =>
    directoriesIn(path.join(root, project)).map((id) => ({ project, id, dir: path.join(root, project, id) })),
  )
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

function ambiguous(name: string, found: readonly NamedRun[]): CliError {
  const listed = found.slice(0, MAX_CANDIDATES).map(({ project, id }) => `  ${printable(`${project}/${id}`)}`)
  const more = found.length > MAX_CANDIDATES ? [`  and ${found.length - MAX_CANDIDATES} more`] : []
  const head = `${found.length} runs begin with "${printable(name)}": give more of the name`
  return new CliError([head, ...listed, ...more].join('\n'))
}

function unknown(name: string, root: string, runs: readonly NamedRun[]): CliError {
  const text = printable(name)
  if (!fs.existsSync(root)) {
    return new CliError(`there is no run "${text}", and no directory ${root}: give --dir, or set OFFSTEP_DIR`)
  }
  if (runs.length === 0) {
    return new CliError(`there is no run "${text}", and none at all below ${root}: give --dir`)
  }
  const near = nearest(name, runs)
  const hint = near === null ? `give a path, an id or its beginning` : `did you mean "${printable(near)}"?`
  return new CliError(`there is no run "${text}" below ${root}: ${hint}`)
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

function directoriesIn(dir: string): string[] {
  try {
    return fs
      .readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}
