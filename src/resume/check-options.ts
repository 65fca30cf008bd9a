import { describeValue, quote } from '../options/describe.js'
import { type OptionProblem, OptionsError } from '../options/errors.js'
import type { ResolvedOptions } from '../options/options.js'
import { isRecord } from '../options/schema-parts.js'
import { resolveOptions } from '../options/validate.js'
import type { ResumeOptions } from './types.js'

/** What `resume()` was given, checked, as options of `init()`. Throws one OptionsError that lists every wrong option. */
export function checkOptions(given: ResumeOptions): ResolvedOptions {
  const isObject: boolean = isRecord(given)
  if (!isObject) throw new OptionsError(notAnObject(given))
  const { run, from, ifMissing, ...plain } = given
  const problems: OptionProblem[] = []
  const check = (name: string, value: unknown, isGood: boolean, fix: string): void => {
    if (!isGood) problems.push({ path: name, given: describeValue(value, [name]), fix })
  }
  const runs = 'give an id, the beginning of one, project/id, a directory, or latest'
  check('run', run, run === undefined || (typeof run === 'string' && run !== ''), runs)
  const isPlace = from === undefined || ['latest', 'best', 'end'].includes(from as string)
  check('from', from, isPlace || Number.isFinite(from), 'give latest, best, end, or a step')
  const isKnown = ifMissing === undefined || ['error', 'create'].includes(ifMissing)
  check('ifMissing', ifMissing, isKnown, 'give error or create')
  try {
    const resolved = resolveOptions(plain)
    if (problems.length === 0) return resolved
  } catch (error) {
    if (problems.length === 0 || !(error instanceof OptionsError)) throw error
    problems.push(...error.problems)
  }
  throw OptionsError.fromProblems(problems)
}

/** Most likely a run's id alone. */
function notAnObject(given: unknown): string {
  const fix = typeof given === 'string' && given !== '' ? `{ run: ${quote(given)} }` : "{ run: 'id' }"
  return `resume() takes an object of options: given ${describeValue(given, [])}; give ${fix}`
}
