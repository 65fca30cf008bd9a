/** Values of runs as the commands print them. */
import type { StoredRun } from '../store/runs/stored-run.js'
import type { Colors } from './output.js'
import type { Cell } from './table.js'

export function statusCell(status: string, colors: Colors): Cell {
  return { text: status, color: statusColor(status, colors) }
}

function statusColor(status: string, colors: Colors): Cell['color'] {
  if (status === 'completed') return colors.green
  if (status === 'running') return colors.cyan
  return status === 'killed' ? colors.yellow : colors.red
}

/** What JSON has no form for, as texts: NaN and infinities. */
export function jsonValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (Array.isArray(value)) return value.map(jsonValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, jsonValue(item)]))
}

/** What programs get of a run, whatever the command. Times are ISO 8601, as in run.json. */
export function runJson(run: StoredRun): { readonly [name: string]: unknown } {
  const { id, project, name, status, dir, tags, group, notes, url } = run
  const { startTime, endTime } = run.file
  const { durationSeconds } = run
  return { id, project, name, status, startTime, endTime, durationSeconds, tags, group, notes, url, dir }
}
