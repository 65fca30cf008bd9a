import { createInterface } from 'node:readline/promises'
import type { StoredRun } from '../../store/runs/stored-run.js'
import { plural, printable } from '../../text/text.js'
import { CliError, EXIT } from '../errors.js'
import type { Output } from '../output.js'

const SHOWN = 10

/**
 * Asks before runs are removed from their place. `ask`: the question, of so many runs. False: the answer is no. Throws
 * where nobody can be asked, and `yes` is not said, and after Ctrl-C.
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
  const answer = await answerTo(`${ask(what)} [y/N] `)
  if (answer === INTERRUPTED) {
    output.note('')
    throw new CliError('interrupted: nothing was removed', EXIT.interrupted)
  }
  if (answer === null) output.note('')
  return /^y(es)?$/i.test(answer?.trim() ?? '')
}

const INTERRUPTED = Symbol('interrupted')

/** Null where the input ends without an answer, as after Ctrl-D. */
async function answerTo(question: string): Promise<string | typeof INTERRUPTED | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new AbortController()
  let interrupted = false
  terminal.on('close', () => ended.abort())
  // Without a listener, versions of Node differ in what Ctrl-C does to a question.
  terminal.on('SIGINT', () => {
    interrupted = true
    ended.abort()
  })
  try {
    return await terminal.question(question, { signal: ended.signal })
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error
    return interrupted ? INTERRUPTED : null
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
