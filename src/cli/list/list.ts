import fs from 'node:fs'
import { openStore, type UnreadableRun } from '../../store/runs/run-store.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import { countText, plural, printable } from '../../text/text.js'
import { CliError, EXIT } from '../errors.js'
import { renderFitting } from '../fit.js'
import type { ListOptions } from '../list.js'
import type { Output } from '../output.js'
import { rootOf } from '../runs.js'
import type { Row } from '../table.js'
import { wrap } from '../text.js'
import { runJson } from '../values.js'
import { bestJson, jsonColumn, namedColumn, usualColumns } from './columns.js'

/** So many where a person looks and has not said how many: the newest must not scroll away. */
const SCREEN_RUNS = 50
const MAX_UNREADABLE = 3

/** `offstep list`. Returns the exit code; throws what is wrong with the command line. */
export function list(
  { filter, sort, limit, project, columns, ...options }: ListOptions & { readonly dir?: string },
  output: Output,
): number {
  const root = rootOf(options)
  if (!fs.existsSync(root)) {
    throw new CliError(
      `there is no directory ${root}: give the runs' directory with --dir, or set OFFSTEP_DIR`,
    )
  }
  const store = openStore(root)
  const { runs, unreadable } = store.look({
    ...(filter !== undefined && { filter }),
    ...(sort !== undefined && { sort }),
    ...(project !== undefined && { project }),
  })
  if (output.json) {
    output.printJson(jsonOf(runs.slice(0, limit), filter === undefined ? unreadable : [], columns))
    return EXIT.ok
  }
  const most = limit ?? (Number.isFinite(output.columns) ? SCREEN_RUNS : runs.length)
  if (runs.length > 0) print(runs.slice(0, most), columns, output)
  for (const line of notes(runs, most, unreadable, { filter, project, root, store })) {
    output.note(wrap(line, output.columns).map(output.err.dim).join('\n'))
  }
  return EXIT.ok
}

function print(runs: readonly StoredRun[], names: readonly string[] | undefined, output: Output): void {
  const columns = names?.map((name) => namedColumn(name, output)) ?? usualColumns(runs, output)
  const rows: Row[] = runs.map((run) => columns.map(({ cell }) => cell(run)))
  output.print(renderFitting(columns, rows, output))
}

interface Asked {
  readonly filter: string | undefined
  readonly project: string | undefined
  readonly root: string
  readonly store: ReturnType<typeof openStore>
}

function notes(
  runs: readonly StoredRun[],
  most: number,
  unreadable: readonly UnreadableRun[],
  asked: Asked,
): string[] {
  const lines: string[] = []
  if (runs.length === 0) lines.push(whyNone(unreadable.length, asked))
  if (runs.length > most) {
    lines.push(`${countText(runs.length - most)} more: --limit ${runs.length} shows all of them`)
  }
  for (const { error } of unreadable.slice(0, MAX_UNREADABLE)) lines.push(printable(error.message))
  if (unreadable.length > MAX_UNREADABLE) {
    lines.push(`and ${plural(unreadable.length - MAX_UNREADABLE, 'more directory')} that cannot be read`)
  }
  if (unreadable.length > 0) lines.push('offstep verify <directory> says what is left of such a run.')
  return lines
}

function whyNone(unreadable: number, { filter, project, root, store }: Asked): string {
  const projects = store.projects()
  if (projects.length === 0) return `There are no runs below ${root}: give --dir, or start one with init().`
  if (project !== undefined && !projects.includes(project)) {
    return `There is no project "${printable(project)}": there are ${printable(projects.join(', '))}.`
  }
  if (filter !== undefined) return 'No run is like that: leave a part of --filter out.'
  return `No run below ${root} can be read (${plural(unreadable, 'directory')}).`
}

function jsonOf(
  runs: readonly StoredRun[],
  unreadable: readonly UnreadableRun[],
  names: readonly string[] | undefined,
): unknown[] {
  const columns = names?.map((name) => [name, jsonColumn(name)] as const)
  if (columns !== undefined) {
    return runs.map((run) => Object.fromEntries(columns.map(([name, read]) => [name, read(run)])))
  }
  const readable = runs.map((run) => {
    const { rows } = run.summary()
    return {
      ...runJson(run),
      resumes: run.resumes.length,
      rows,
      best: bestJson(run),
      config: run.config,
      error: null,
    }
  })
  const broken = unreadable.map(({ id, project, dir, error: { code, message } }) => {
    return { id, project, dir, status: null, error: { code, message } }
  })
  return [...readable, ...broken]
}
