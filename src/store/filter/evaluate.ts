import type { StoredRun } from '../runs/stored-run.js'
import type { Filter, Literal, Operator } from './ast.js'
import { type DateRange, readDate } from './dates.js'
import { isTime, valueAt } from './fields.js'

export type Predicate = (run: StoredRun) => boolean

/**
 * What a filter means. A field that a run does not have is null, and every comparison with it is false, but for
 * `= null`. A list (tags) compares as its items do: one of them is equal, or none where `!=` is asked.
 */
export function compileFilter(filter: Filter): Predicate {
  switch (filter.kind) {
    case 'not': {
      const of = compileFilter(filter.of)
      return (run) => !of(run)
    }
    case 'comparison': {
      const { path, operator, value } = filter
      const test =
        isTime(path[0]!) && typeof value === 'string' ? timeTest(operator, value) : testOf(operator, value)
      return (run) => test(valueAt(run, path))
    }
    default: {
      const [left, right] = [compileFilter(filter.left), compileFilter(filter.right)]
      return filter.kind === 'and' ? (run) => left(run) && right(run) : (run) => left(run) || right(run)
    }
  }
}

type Test = (found: unknown) => boolean

function testOf(operator: Operator, value: Literal): Test {
  if (value === null) return operator === '=' ? (found) => found === null : (found) => found !== null
  if (operator === '!=') {
    const isEqual = testOf('=', value)
    return (found) => found !== null && !isEqual(found)
  }
  const test = scalarTest(operator, value)
  return (found) => (Array.isArray(found) ? found.some(test) : test(found))
}

function scalarTest(operator: Operator, value: string | number | boolean): Test {
  if (operator === '~') {
    const pattern = new RegExp(String(value), 'u')
    return (found) => isScalar(found) && pattern.test(String(found))
  }
  return (found) => {
    // `id = 7`: what is a number for the parser may be a text of the run.
    const wanted = typeof found === 'string' ? String(value) : value
    return typeof found === typeof wanted && holds(operator, compare(found as Literal, wanted))
  }
}

const isScalar = (found: unknown): boolean => found !== null && typeof found !== 'object'

/** NaN where one of them is: then nothing holds. */
function compare(found: Literal, wanted: Literal): number {
  if (found === wanted) return 0
  if (Number.isNaN(found) && Number.isNaN(wanted)) return 0
  return found! < wanted! ? -1 : found! > wanted! ? 1 : Number.NaN
}

function holds(operator: Operator, order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    default:
      return order === 0
  }
}

function timeTest(operator: Operator, value: string): Test {
  const { from, to } = readDate(value) as DateRange
  const orderOf = (time: number): number => (time < from ? -1 : time > to ? 1 : 0)
  return (found) => {
    if (typeof found !== 'number') return false
    const order = orderOf(found)
    return operator === '!=' ? order !== 0 : holds(operator, order)
  }
}
