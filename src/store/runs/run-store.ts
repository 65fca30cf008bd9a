import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { compileFilter, type Predicate } from '../filter/evaluate.js'
import { parseFilter } from '../filter/parse.js'
import { RUN_FILE_NAME, RunFileError } from '../run-file.js'
import { listRuns, lookUp, rootOf } from './named-runs.js'
import { sortRuns } from './sort.js'
import { StoredRun } from './stored-run.js'
import { StoreError } from './types.js'

export interface RunsQuery {
  /** An expression, as `config.lr < 1e-3 and summary."val/loss".min < 2`, or a function. See docs/store.md. */
  readonly filter?: string | Predicate
  /** What to sort by, as `summary."val/loss".min`; `-startTime`, the newest first, where nothing else is said. */
  readonly sort?: string
  readonly limit?: number
  /** Only runs of this project: the others are not read. */
  readonly project?: string
}

/** A directory with a run.json that cannot be read, or with a journal and no run.json. */
export interface UnreadableRun {
  readonly id: string
  readonly project: string
  readonly dir: string
  /** Says what is wrong, and what to do. */
  readonly error: RunFileError
}

/**
 * Opens a directory of runs: `dir`, else OFFSTEP_DIR, else `./runs`. It need not be there: then it has no runs. All calls
 * of a store, and of its runs, block for file calls: not for the training thread.
 */
export function openStore(dir?: string): RunStore {
  return new RunStore(rootOf(dir))
}

export class RunStore {
  /** Absolute. */
  readonly dir: string

  constructor(dir: string) {
    this.dir = dir
  }

  /**
   * Runs that can be read. Throws FilterError where `filter` or `sort` cannot be understood: its message shows the place,
   * and says what to type instead.
   */
  runs(query: RunsQuery = {}): StoredRun[] {
    return this.look(query).runs
  }

  /** The same, and which directories there are that hold a run and cannot be read. */
  look({ filter, sort = '-startTime', limit, project }: RunsQuery = {}): {
    readonly runs: StoredRun[]
    readonly unreadable: readonly UnreadableRun[]
  } {
    const keeps = typeof filter === 'string' ? compileFilter(parseFilter(filter)) : (filter ?? (() => true))
    const order = sortRuns(sort)
    const found: StoredRun[] = []
    const unreadable: UnreadableRun[] = []
    for (const named of listRuns(this.dir)) {
      if (project !== undefined && named.project !== project) continue
      try {
        const run = new StoredRun(named.dir)
        if (keeps(run)) found.push(run)
      } catch (error) {
        if (!(error instanceof RunFileError)) throw error
        if (holdsRun(named.dir)) unreadable.push({ ...named, error })
      }
    }
    return { runs: order(found).slice(0, limit), unreadable }
  }

  /**
   * One run: by `id` or `project/id`, by the beginning of either, or by its path. Throws StoreError where there is none or
   * more than one, and RunFileError where it cannot be read.
   */
  run(name: string): StoredRun {
    const { found, near } = lookUp(name, this.dir)
    if (found.length === 1) return new StoredRun(found[0]!.dir)
    if (found.length > 1) {
      const names = found.slice(0, 8).map((run) => run.name)
      const more = found.length > names.length ? ' ...' : ''
      throw new StoreError(
        `${found.length} runs begin with "${name}": give more of the name (${names.join(', ')}${more})`,
      )
    }
    const hint = near === null ? 'give an id, its beginning, or a path' : `did you mean "${near}"?`
    throw new StoreError(`there is no run "${name}" below ${this.dir}: ${hint}`)
  }

  /** Names of the projects that have runs. */
  projects(): string[] {
    return [...new Set(listRuns(this.dir).map(({ project }) => project))]
  }
}

/** False for a directory of something else. */
const holdsRun = (dir: string): boolean =>
  [RUN_FILE_NAME, 'journal'].some((name) => existsSync(join(dir, name)))
