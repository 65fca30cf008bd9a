import { openStore } from '../../store/runs/run-store.js'
import { StoredRun } from '../../store/runs/stored-run.js'
import { CliError } from '../errors.js'
import { resolveRun } from '../runs.js'

export interface Chosen {
  readonly filter?: string
  readonly project?: string
}

/** The runs that are named, and those that a filter or a project chooses; each once. Throws where there are none. */
export function chooseRuns(names: readonly string[], chosen: Chosen, root: string): StoredRun[] {
  const { filter, project } = chosen
  if (names.length === 0 && filter === undefined && project === undefined) {
    throw new CliError('say which runs: by id, or with --filter or --project (offstep list shows them)')
  }
  const dirs = new Set(names.map((name) => resolveRun(name, root)))
  const runs = [...dirs].map((dir) => new StoredRun(dir))
  if (filter === undefined && project === undefined) return runs
  const found = storedRuns(chosen, root).filter(({ dir }) => !dirs.has(dir))
  if (found.length + runs.length === 0) {
    throw new CliError(`no run below ${root} is like that: offstep list shows what there is`)
  }
  return [...runs, ...found]
}

/** All runs below the root, or those that a filter or a project chooses; the oldest first. */
export function storedRuns({ filter, project }: Chosen, root: string): StoredRun[] {
  return openStore(root).runs({
    sort: 'startTime',
    ...(filter !== undefined && { filter }),
    ...(project !== undefined && { project }),
  })
}
