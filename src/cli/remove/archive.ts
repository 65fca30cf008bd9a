import path from 'node:path'
import { archiveRun } from '../../archive/archive-run.js'
import { removeRun } from '../../archive/remove-run.js'
import { printable } from '../../text/text.js'
import { EXIT } from '../errors.js'
import { chooseRuns } from '../export/choose-runs.js'
import type { Output } from '../output.js'
import type { RemoveCommandOptions } from '../remove.js'
import { rootOf } from '../runs.js'
import { assertEnded, confirm } from './confirm.js'

const OUT = 'archive'

/** `offstep archive`. Resolves with the exit code; throws what is wrong with the command line, and RunAliveError. */
export async function archiveCommand(
  names: readonly string[],
  { yes, out = OUT, keep, ...options }: RemoveCommandOptions & { readonly dir?: string },
  output: Output,
): Promise<number> {
  const runs = chooseRuns(names, options, rootOf(options))
  assertEnded(runs)
  const ask = (what: string) => `Pack ${what}, and remove ${runs.length === 1 ? 'it' : 'them'} from here?`
  if (keep !== true && !(await confirm(runs, yes === true, output, ask))) return EXIT.problem
  const archived: { id: string; project: string; archive: string }[] = []
  for (const { dir, project, id } of runs) {
    // Ids are of one project: two may have the same.
    const archive = await archiveRun(dir, path.resolve(out, project))
    if (keep !== true) removeRun(dir)
    archived.push({ id, project, archive })
    if (!output.json) output.print(`${printable(`${project}/${id}`)}  ${archive}`)
  }
  if (output.json) output.printJson(archived)
  return EXIT.ok
}
