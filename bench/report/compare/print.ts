import { digits, withUnit } from '../numbers.js'
import { type Column, textTable } from '../text/table.js'
import type { Change, Comparison } from './compare.js'
import type { Value } from './values.js'

const COLUMNS: readonly Column[] = [
  { head: 'benchmark' },
  { head: 'figure', wraps: true },
  { head: 'old', align: 'right' },
  { head: 'new', align: 'right' },
  { head: 'change', align: 'right' },
  { head: 'target' },
]
const ALONE: readonly Column[] = [
  { head: 'benchmark' },
  { head: 'figure', wraps: true },
  { head: 'measured', align: 'right' },
]

/** `percent`: the threshold. */
export function formatComparison(comparison: Comparison, percent: number, width?: number): string {
  const changed = (title: string, changes: readonly Change[]) =>
    section(title, changes.length, textTable(COLUMNS, changes.map(changeRow), width))
  const alone = (title: string, values: readonly Value[]) =>
    section(title, values.length, textTable(ALONE, values.map(valueRow), width))
  const { slower, better, noise } = comparison
  return [
    changed('Slower, or worse', slower),
    changed('Better', better),
    changed('Changed, and nothing says which way is better', comparison.unclear),
    changed(`Within ${digits(percent)} % of the old`, noise),
    alone('Only in the old report', comparison.onlyBefore),
    alone('Only in the new report', comparison.onlyAfter),
    `${slower.length} slower or worse, ${better.length} better, ${noise.length} within ${digits(percent)} %`,
  ].join('\n\n')
}

const section = (title: string, count: number, table: string): string =>
  count === 0 ? `${title}: none` : `${title}: ${count}\n${table}`

const changeRow = ({ before, after, relative }: Change): string[] => [
  after.benchmark,
  after.name,
  withUnit(before.value, before.unit),
  withUnit(after.value, after.unit),
  Number.isFinite(relative) ? `${relative > 0 ? '+' : ''}${(relative * 100).toFixed(0)} %` : 'from 0',
  verdictChange(before, after),
]

function verdictChange(before: Value, after: Value): string {
  const [old, now] = [before, after].map(reached)
  return old === now ? (now ?? '') : [old, now].filter((one) => one !== null).join(' -> ')
}

const reached = ({ value, better, limit }: Value): string | null =>
  limit === null ? null : (better === 'less' ? value <= limit : value >= limit) ? 'ok' : 'miss'

const valueRow = ({ benchmark, name, value, unit }: Value): string[] => [
  benchmark,
  name,
  withUnit(value, unit),
]
