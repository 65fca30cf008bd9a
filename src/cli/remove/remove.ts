import { removeRun } from '../../archive/remove-run.js'
import { printable } from '../../text/text.js'
import { EXIT } from '../errors.js'
import { chooseRuns } from '../export/choose-runs.js'
import type { Output } from '../output.js'
import type { RemoveCommandOptions } from '../remove.js'
import { rootOf } from '../runs.js'
import { assertEnded, confirm } from './confirm.js'

/** `offstep rm`. Resolves with the exit code; throws what is wrong with the command line, and RunAliveError. */
export async function removeCommand(
  names: readonly string[],
  { yes, ...options }: RemoveCommandOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  const runs = chooseRuns(names, options, rootOf(options))
  assertEnded(runs)
  const ask = (what: string) => `Remove ${what} for good?`
  if (!(await confirm(runs, yes === true, output, ask))) return EXIT.problem
  for (const { dir, project, id } of runs) {
    removeRun(dir)
    if (!output.json) output.print(`${printable(`${project}/${id}`)}  removed`)
  }
  if (output.json) output.printJson(runs.map(({ project, id, dir }) => ({ project, id, dir })))
  return EXIT.ok
}
