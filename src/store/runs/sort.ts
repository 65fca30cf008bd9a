import { valueAt } from '../filter/fields.js'
import { parsePath } from '../filter/parse.js'
import type { StoredRun } from './stored-run.js'

/**
 * Sorts by a field, `summary."val/loss".min`, or the other way round, `-startTime`. Runs that have no such thing come last
 * either way. Throws FilterError where the field cannot be understood.
 */
export function sortRuns(key: string): (runs: readonly StoredRun[]) => StoredRun[] {
  const descending = key.startsWith('-')
  const path = parsePath(descending ? key.slice(1) : key)
  return (runs) =>
    runs
      .map((run) => ({ run, value: sortable(valueAt(run, path)) }))
      .sort((a, b) => {
        if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null)
        return descending ? compare(b.value, a.value) : compare(a.value, b.value)
      })
      .map(({ run }) => run)
}

/** Null where it has no order: NaN is no lowest loss. */
function sortable(value: unknown): string | number | null {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number') return Number.isNaN(value) ? null : value
  if (typeof value === 'string') return value
  return Array.isArray(value) && value.length > 0 ? value.join(' ') : null
}

function compare(a: string | number, b: string | number): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1
  if (typeof a === 'string') return a.localeCompare(b as string, 'en', { numeric: true })
  return a - (b as number)
}
