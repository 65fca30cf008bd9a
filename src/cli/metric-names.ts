import { closest } from '../options/suggest.js'
import { printable } from '../text/text.js'
import { CliError, EXIT } from './errors.js'

/** Of `names` those that the user asks for, in that order; `*` stands for anything. Throws a CliError where one is none. */
export function pickMetrics(names: readonly string[], patterns: readonly string[] | undefined): string[] {
  if (patterns === undefined) return [...names]
  const picked = patterns.flatMap((pattern) => {
    const found = pattern.includes('*')
      ? names.filter(matcherOf(pattern))
      : names.filter((name) => name === pattern)
    if (found.length === 0) throw none(pattern, names)
    return found
  })
  return [...new Set(picked)]
}

function matcherOf(pattern: string): (name: string) => boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
  const expression = new RegExp(`^${parts.join('.*')}$`, 's')
  return (name) => expression.test(name)
}

function none(pattern: string, names: readonly string[]): CliError {
  const head = `there is no metric "${printable(pattern)}"`
  if (names.length === 0) return new CliError(`${head}: nothing has been logged yet`, EXIT.problem)
  const near = closest(pattern, names)
  const some = names.slice(0, 5).map(printable).join(', ')
  const hint =
    near === null
      ? `there are ${some}${names.length > 5 ? ' ...' : ''}`
      : `did you mean "${printable(near)}"?`
  return new CliError(`${head}: ${hint}`, EXIT.problem)
}
