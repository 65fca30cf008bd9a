import fs from 'node:fs'
import { listRuns, lookUp, rootOf as rootBelow } from '../store/runs/named-runs.js'
import { StoredRun } from '../store/runs/stored-run.js'
import { printable } from '../text/text.js'
import { CliError } from './errors.js'
import type { GlobalOptions } from './output.js'

export { listRuns }

const MAX_CANDIDATES = 8

/** Where runs are looked for: `--dir`, else OFFSTEP_DIR, else `./runs`. Absolute. */
export function rootOf({ dir }: Pick<GlobalOptions, 'dir'>, env: NodeJS.ProcessEnv = process.env): string {
  return rootBelow(dir, env)
}

/**
 * The directory of the run that a user names: by its path (of the directory or its run.json), as `id` or
 * `project/id`, or by the beginning of either where only one run has it. Absolute.
 *
 * Throws a CliError that lists the candidates where it is ambiguous, and says what is near where it is unknown.
 */
export function resolveRun(name: string, root: string): string {
  const { found, near, runs } = lookUp(name, root)
  if (found.length === 1) return found[0]!.dir
  if (found.length > 1)
    throw ambiguous(
      name,
      found.map((run) => run.name),
    )
  throw unknown(name, root, near, runs)
}

/** Throws as `resolveRun()` does, and RunFileError where the run cannot be read. */
export function openRun(name: string, options: Pick<GlobalOptions, 'dir'>): StoredRun {
  return new StoredRun(resolveRun(name, rootOf(options)))
}

function ambiguous(name: string, found: readonly string[]): CliError {
  const listed = found.slice(0, MAX_CANDIDATES).map((run) => `  ${printable(run)}`)
  const more = found.length > MAX_CANDIDATES ? [`  and ${found.length - MAX_CANDIDATES} more`] : []
  const head = `${found.length} runs begin with "${printable(name)}": give more of the name`
  return new CliError([head, ...listed, ...more].join('\n'))
}

function unknown(name: string, root: string, near: string | null, runs: number): CliError {
  const text = printable(name)
  if (!fs.existsSync(root)) {
    return new CliError(`there is no run "${text}", and no directory ${root}: give --dir, or set OFFSTEP_DIR`)
  }
  if (runs === 0) {
    return new CliError(`there is no run "${text}", and none at all below ${root}: give --dir`)
  }
  const hint = near === null ? `give a path, an id or its beginning` : `did you mean "${printable(near)}"?`
  return new CliError(`there is no run "${text}" below ${root}: ${hint}`)
}
