import { valueAt } from '../../store/filter/fields.js'
import { parsePath } from '../../store/filter/parse.js'
import { mainMetricOf } from '../../store/runs/main-metric.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import { countText, printable } from '../../text/text.js'
import { ageText, numberText, secondsText, timeText, valueText } from '../../text/values.js'
import type { SpareColumn } from '../fit.js'
import type { Output } from '../output.js'
import type { Cell } from '../table.js'
import { jsonValue, statusCell } from '../values.js'

export interface RunColumn extends SpareColumn {
  readonly cell: (run: StoredRun) => string | Cell
}

/** What is shown where nothing else is asked for. */
export function usualColumns(runs: readonly StoredRun[], output: Output): RunColumn[] {
  const projects = new Set(runs.map(({ project }) => project))
  const columns: RunColumn[] = [
    { title: 'run', cell: (run) => printable(projects.size > 1 ? `${run.project}/${run.id}` : run.id) },
    namedColumn('status', output),
    { ...namedColumn('age', output), spare: 3 },
    { ...namedColumn('duration', output), spare: 2 },
    { ...namedColumn('rows', output), spare: 4 },
    bestColumn(runs),
    { title: 'resumed', align: 'right', cell: resumedText, spare: 5 },
    { ...namedColumn('tags', output), spare: 1, minWidth: 12 },
  ]
  const isSeldom = (title: string): boolean => title === 'tags' || title === 'resumed'
  return columns.filter(({ title, cell }) => !isSeldom(title) || runs.some((run) => cell(run) !== ''))
}

/** How often other processes have gone on with it. */
const resumedText = ({ resumes }: StoredRun): string => (resumes.length === 0 ? '' : `${resumes.length} x`)

/** Of `--columns`: a name of the usual ones, or of a field. Throws FilterError. */
export function namedColumn(name: string, { out }: Output): RunColumn {
  const now = Date.now()
  switch (name) {
    case 'status':
      return { title: name, cell: (run) => statusCell(run.status, out) }
    case 'age':
      return { title: name, align: 'right', cell: (run) => ageText(run.startTime, now) }
    case 'duration':
      return { title: name, align: 'right', cell: (run) => secondsText(run.durationSeconds) }
    case 'rows':
      return { title: name, align: 'right', cell: (run) => countText(run.summary().rows) }
    case 'best':
      return bestColumn(null)
    default:
      return fieldColumn(name)
  }
}

function fieldColumn(name: string): RunColumn {
  const path = parsePath(name)
  const isTime = path[0] === 'startTime' || path[0] === 'endTime'
  const text = (value: unknown) => (isTime && typeof value === 'number' ? timeText(value) : valueText(value))
  const align = path[0] === 'config' || path[0] === 'summary' ? { align: 'right' as const } : {}
  return { title: name, ...align, cell: (run) => text(valueAt(run, path)) }
}

/** What `--json` has of a column of `--columns`. Throws FilterError. */
export function jsonColumn(name: string): (run: StoredRun) => unknown {
  if (name === 'age') return (run) => Math.max(0, Date.now() - run.startTime) / 1000
  if (name === 'best') return (run) => bestJson(run)
  const path = parsePath(name)
  if (name === 'startTime' || name === 'endTime') return (run) => run.file[name]
  return (run) => jsonValue(valueAt(run, path))
}

export function bestJson(run: StoredRun): unknown {
  const main = mainMetricOf(run)
  return main === null ? null : jsonValue({ metric: main.name, value: main.best.value, step: main.best.step })
}

/** The metric stands above where all runs have the same, and else in each cell. `runs`: null, nobody knows yet. */
function bestColumn(runs: readonly StoredRun[] | null): RunColumn {
  const names = new Set((runs ?? []).flatMap((run) => mainMetricOf(run)?.name ?? []))
  const [common] = names.size === 1 ? names : []
  const cell = (run: StoredRun): string => {
    const main = mainMetricOf(run)
    if (main === null) return ''
    const value = numberText(main.best.value)
    return common === undefined ? `${printable(main.name)} ${value}` : value
  }
  return { title: common === undefined ? 'best' : printable(`best ${common}`), align: 'right', cell }
}
