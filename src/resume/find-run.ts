import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ResolvedOptions } from '../options/options.js'
import { RunFileError } from '../store/run-file.js'
import { openStore } from '../store/runs/run-store.js'
import { StoreError } from '../store/runs/types.js'
import { ResumeError, type ResumeOptions } from './types.js'

/**
 * The directory of the run that is meant, or null where there is none and one is to be made. Throws ResumeError.
 * Blocks: reads the run.json of each run of the project where the newest is wanted.
 */
export function findRun(given: ResumeOptions, { dir, project, id }: ResolvedOptions): string | null {
  const own = id === null ? null : join(dir, project, id)
  if (given.run === undefined && given.ifMissing === 'create' && own !== null && existsSync(own)) return own
  const name = given.run ?? own ?? 'latest'
  try {
    return name === 'latest' ? newest(given, dir) : openStore(dir).run(name).dir
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof RunFileError)) throw error
    if (given.ifMissing === 'create') return null
    const message =
      given.run === undefined && id !== null
        ? `there is no run "${id}" in ${join(dir, project)}`
        : error.message
    throw new ResumeError(`${message}; to begin a run where there is none, give ifMissing: 'create'`, error)
  }
}

function newest({ project, name }: ResumeOptions, dir: string): string {
  const wanted = { sort: '-startTime', limit: 1, ...(project === undefined ? {} : { project }) }
  const [run] = openStore(dir).runs({
    ...wanted,
    ...(name === undefined ? {} : { filter: (run) => run.name === name }),
  })
  if (run !== undefined) return run.dir
  const called = name === undefined ? '' : ` called "${name}"`
  const of = project === undefined ? '' : ` of project "${project}"`
  throw new StoreError(`there is no run${called}${of} below ${dir}`)
}
