import { createInterface } from 'node:readline/promises'
import type { StoredRun } from '../../store/runs/stored-run.js'
import { CliError, EXIT } from '../errors.js'
import type { Output } from '../output.js'
import { plural, printable } from '../text.js'

const SHOWN = 10

/**
 * Asks before runs are removed from their place. `ask`: the question, of so many runs. False: the answer is no. Throws
 * where nobody can be asked, and `yes` is not said.
 */
export async function confirm(
  runs: readonly StoredRun[],
  yes: boolean,
  output: Output,
  ask: (what: string) => string,
): Promise<boolean> {
  if (yes) return true
  const what = plural(runs.length, 'run')
  if (process.stdin.isTTY !== true || !output.interactive) {
    throw new CliError(`this removes ${what} from the disk, and there is no terminal to ask on: give --yes`)
  }
  for (const { project, id } of runs.slice(0, SHOWN)) output.note(`  ${printable(`${project}/${id}`)}`)
  if (runs.length > SHOWN) output.note(`  and ${runs.length - SHOWN} more`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${ask(what)} [y/N] `)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}

/** A run that lives is refused before anything is done to any of them. */
export function assertEnded(runs: readonly StoredRun[]): void {
  const live = runs.find(({ state }) => state.live || state.silent)
  if (live === undefined) return
  throw new CliError(`${printable(live.id)} is still running: wait until it has ended`, EXIT.problem)
}
