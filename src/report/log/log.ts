import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFileAtomic } from '../../store/atomic-file.js'
import { openStore, type UnreadableRun } from '../../store/runs/run-store.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import { StoreError } from '../../store/runs/types.js'
import { escapeMarkdown } from '../escape.js'
import { keepOld, readOld, withLineEndsOf } from '../old-file.js'
import { type LogParts, takeApart } from './parts.js'
import { cellsOfRuns } from './rows.js'
import { BEGIN, END, type OldTable, OURS, readTable, rowLine } from './table.js'

export interface WrittenLog {
  readonly file: string
  readonly runs: number
  /** The old file, where its markers were damaged. */
  readonly kept: readonly string[]
  readonly unreadable: readonly UnreadableRun[]
}

/**
 * Writes EXPERIMENTS.md of a project: a row for each run, oldest first. What people wrote stays: their columns, rows of
 * their own, rows of runs that are not there any more, and all that stands outside of the table. Blocks for file calls:
 * not for the training thread. Throws StoreError where there is no such project, and the file system's errors.
 */
export function writeExperimentLog(
  project: string,
  { dir, out }: { readonly dir?: string; readonly out?: string } = {},
): WrittenLog {
  const store = openStore(dir)
  const { runs, unreadable } = store.look({ project, sort: 'startTime' })
  const projects = store.projects()
  if (!projects.includes(project)) {
    const there = projects.length === 0 ? 'there are no runs: give --dir' : `there are ${projects.join(', ')}`
    throw new StoreError(`there is no project "${project}" below ${store.dir}: ${there}`)
  }
  const file = join(out ?? join(store.dir, project), 'EXPERIMENTS.md')
  const old = readOld(file)
  const parts = old === null ? newLog(project) : takeApart(old)
  const kept = old === null || parts.whole ? [] : [keepOld(file, old)]
  mkdirSync(dirname(file), { recursive: true })
  writeFileAtomic(file, withLineEndsOf(old, logText(parts, runs)))
  return { file, runs: runs.length, kept, unreadable }
}

const newLog = (project: string): LogParts => ({
  before: [
    `# Experiments: ${escapeMarkdown(project)}`,
    '',
    'Written by `offstep report --project`. Yours are the notes, columns and rows that you add, and all text',
    'outside of the table: they stay as they are. The other columns are made anew each time.',
    '',
  ],
  table: [],
  after: [''],
  whole: true,
})

function logText({ before, table, after }: LogParts, runs: readonly StoredRun[]): string {
  const old = readTable(table)
  // Text within the markers would become a row of the table: from now on it stands behind it.
  const moved = old.texts.length === 0 ? [] : ['', ...old.texts, '']
  const lines = [...before, BEGIN, '', ...tableLines(old, runs), '', END, ...moved, ...after]
  return `${lines.join('\n').trimEnd()}\n`
}

function tableLines({ theirs, rows, others }: OldTable, runs: readonly StoredRun[]): string[] {
  const columns = [...OURS, ...theirs]
  const made = cellsOfRuns(runs).map((cells, at) => {
    const run = runs[at]!
    return rowLine([...cells, ...(rows.get(run.id)?.cells ?? firstCells(run, theirs))])
  })
  const there = new Set(runs.map(({ id }) => id))
  const gone = [...rows].filter(([id]) => !there.has(id)).map(([, { line }]) => line)
  return [rowLine(columns), `|${columns.map(() => ' --- ').join('|')}|`, ...made, ...gone, ...others]
}

/** What the run was started with is the first note on it. */
const firstCells = ({ notes }: StoredRun, theirs: readonly string[]): string[] =>
  theirs.map((_, at) => (at === 0 ? escapeMarkdown(notes.trim().replace(/\s+/g, ' ')) : ''))
