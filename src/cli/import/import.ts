import { findSources } from '../../import/find-sources.js'
import { type ImportedRun, importRun } from '../../import/import-run.js'
import { ImportError, type RunSource } from '../../import/types.js'
import { countText, plural, printable } from '../../text/text.js'
import { CliError, EXIT } from '../errors.js'
import type { ImportCommandOptions } from '../import.js'
import type { Output } from '../output.js'
import { rootOf } from '../runs.js'

/** The name of a directory below the runs. */
const PROJECT = /^[\w][\w.-]*$/

interface Outcome {
  readonly path: string
  readonly run: ImportedRun | null
  readonly error: string | null
}

/** `offstep import`. Resolves with the exit code; throws what is wrong with the command line. */
export async function importCommand(
  paths: readonly string[],
  { project, name, ...options }: ImportCommandOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  if (project !== undefined && !PROJECT.test(project)) {
    throw new CliError(
      `--project ${printable(project)} is no name of a directory: use letters, digits, - and _`,
    )
  }
  const sources = new Map(paths.flatMap(findSources).map((source) => [source.path, source]))
  if (name !== undefined && sources.size > 1) {
    throw new CliError(`--name is for one run, and these are ${sources.size}: leave it out`)
  }
  const outcomes: Outcome[] = []
  for (const source of sources.values()) {
    const outcome = await importOne(source, {
      root: rootOf(options),
      ...(project !== undefined && { project }),
      ...(name !== undefined && { name }),
    })
    outcomes.push(outcome)
    if (!output.json) printOutcome(outcome, output)
  }
  if (output.json) output.printJson(outcomes.map(({ path, run, error }) => ({ path, ...run, error })))
  return outcomes.some(({ error }) => error !== null) ? EXIT.problem : EXIT.ok
}

/** One that cannot be imported must not keep the others from it. */
async function importOne(source: RunSource, options: Parameters<typeof importRun>[1]): Promise<Outcome> {
  try {
    return { path: source.path, run: await importRun(source, options), error: null }
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    return { path: source.path, run: null, error: error.message }
  }
}

function printOutcome({ path, run, error }: Outcome, output: Output): void {
  if (run === null) {
    output.problem(printable(error!))
    return
  }
  const from = `from ${printable(path)}`
  if (!run.imported) {
    output.print(`${run.id}  ${from}: there already, nothing imported`)
    return
  }
  output.print(`${run.id}  ${from}: ${plural(run.values, 'value')} in ${plural(run.rows, 'row')}`)
  const left = Object.entries(run.leftOut).map(([what, count]) => `${countText(count)} ${what}`)
  if (left.length > 0) output.note(output.err.yellow(`  left out: ${left.join(', ')}`))
}
