import type { Filter, Literal, Path } from './ast.js'

const LEVELS = { or: 0, and: 1, not: 2, comparison: 3 } as const
const PLAIN = /^[\w/$@%-]+$/

/** The expression as text, with no more parentheses than it needs: `parseFilter()` makes the same of it. */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'comparison':
      return `${printPath(filter.path)} ${filter.operator} ${printValue(filter.value)}`
    case 'not':
      return `not ${within(filter.of, LEVELS.not)}`
    default: {
      const level = LEVELS[filter.kind]
      return `${within(filter.left, level)} ${filter.kind} ${within(filter.right, level + 1)}`
    }
  }
}

export function printPath([field, ...parts]: Path): string {
  return [field, ...parts.map((part) => (PLAIN.test(part) ? part : quoted(part)))].join('.')
}

const within = (filter: Filter, level: number): string =>
  LEVELS[filter.kind] < level ? `(${printFilter(filter)})` : printFilter(filter)

function printValue(value: Literal): string {
  if (typeof value === 'string') return quoted(value)
  return Object.is(value, -0) ? '-0' : String(value)
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
