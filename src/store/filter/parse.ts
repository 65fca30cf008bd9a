import { closest } from '../../options/suggest.js'
import type { Filter, Literal, Operator, Path } from './ast.js'
import { readDate } from './dates.js'
import { FIELDS, isTime, PARTS } from './fields.js'
import { Scanner } from './scanner.js'

/** Deeper ones are no one's, and would end the stack. */
const MAX_DEPTH = 200

/**
 * Parses `config.lr < 1e-3 and (tag = baseline or not summary."val/loss".min >= 2)`: `not` binds before `and`, and that
 * before `or`. Throws FilterError.
 */
export function parseFilter(text: string): Filter {
  const scanner: Scanner = new Scanner(text)
  if (scanner.ended) scanner.fail('the filter is empty: type one as config.lr < 1e-3')
  const filter = parseOr(scanner, 0)
  if (scanner.ended) return filter
  scanner.refuseSigns()
  if (scanner.text[scanner.at] === ')') scanner.fail('nothing is open here: leave out this )')
  scanner.fail('type "and" or "or" before this, or quotes around a text of several words')
}

/** `summary."val/loss".min` alone, as what to sort by. Throws FilterError. */
export function parsePath(text: string): Path {
  const scanner: Scanner = new Scanner(text)
  const path = readPath(scanner)
  if (!scanner.ended)
    scanner.fail('type a field and nothing else, with quotes where its name is not one word')
  return path
}

function parseOr(scanner: Scanner, depth: number): Filter {
  let left = parseAnd(scanner, depth)
  while (scanner.take('or')) left = { kind: 'or', left, right: parseAnd(scanner, depth) }
  return left
}

function parseAnd(scanner: Scanner, depth: number): Filter {
  let left = parseNot(scanner, depth)
  while (scanner.take('and')) left = { kind: 'and', left, right: parseNot(scanner, depth) }
  return left
}

function parseNot(scanner: Scanner, depth: number): Filter {
  if (depth > MAX_DEPTH) scanner.fail(`more than ${MAX_DEPTH} parts within each other: make it simpler`)
  if (scanner.take('not')) return { kind: 'not', of: parseNot(scanner, depth + 1) }
  const opened = scanner.at
  if (!scanner.take('(')) return parseComparison(scanner)
  const inner = parseOr(scanner, depth + 1)
  if (!scanner.take(')')) {
    scanner.refuseSigns()
    if (!scanner.ended) scanner.fail('type "and", "or" or ) before this')
    scanner.fail('this ( is never closed: type ) at the end', opened)
  }
  return inner
}

function parseComparison(scanner: Scanner): Filter {
  const path = readPath(scanner)
  const operator = scanner.operator()
  const at = scanner.at
  const value = scanner.value()
  if (value === undefined) scanner.fail('type a value here: a number, a text, a date, true, false or null')
  const problem = problemOf(path, operator, value)
  if (problem !== null) scanner.fail(problem, at)
  return { kind: 'comparison', path, operator, value }
}

function problemOf([field]: Path, operator: Operator, value: Literal): string | null {
  if (operator === '~')
    return typeof value === 'string' ? regexpProblem(value) : 'type a text in quotes behind ~'
  if ((value === null || typeof value === 'boolean') && operator !== '=' && operator !== '!=') {
    return `type = or != before ${value}: it is neither more nor less than anything`
  }
  if (!isTime(field!) || value === null) return null
  const isDate = typeof value === 'string' && readDate(value) !== null
  return isDate ? null : 'type a date as 2026-11-20 or 2026-11-20T14:30 here'
}

function regexpProblem(source: string): string | null {
  try {
    new RegExp(source, 'u')
    return null
  } catch (error) {
    const [, why = 'it cannot be read'] = /: ([^:]+)$/.exec((error as Error).message) ?? []
    return `mend this regular expression (${why}), and put a backslash before signs that mean themselves`
  }
}

function readPath(scanner: Scanner): Path {
  const at = scanner.at
  const path = scanner.path()
  if (path === null) return failAtPath(scanner)
  const [field, ...within] = path as [string, ...string[]]
  if (Object.hasOwn(PARTS, field)) {
    if (within.length === 0) scanner.fail(`type what of it you mean: ${PARTS[field]}`, at)
    return path
  }
  if (!Object.hasOwn(FIELDS, field)) scanner.fail(unknownField(path), at)
  if (within.length > 0) scanner.fail(`"${field}" has no parts: type ${field} alone`, at)
  return path
}

function failAtPath(scanner: Scanner): never {
  const at = scanner.at
  if (scanner.ended) scanner.fail('type what to compare here, as config.lr or status')
  const name = scanner.quoted()
  if (name !== null) scanner.fail(`type summary."${name}" for a metric, config."${name}" for a parameter`, at)
  scanner.fail('type what to compare here, as config.lr or status', at)
}

function unknownField(path: Path): string {
  const [field] = path
  const known = [...Object.keys(FIELDS), ...Object.keys(PARTS)]
  const near = closest(field!, known)
  if (near !== null) return `there is no "${field}" to ask for: type ${near}`
  const name = path.join('.')
  return `there is no "${field}" to ask for: type config."${name}" for a parameter, summary."${name}" for a metric, or one of ${known.join(', ')}`
}
