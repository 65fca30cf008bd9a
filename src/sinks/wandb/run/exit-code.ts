import type { RunOutcome } from '../../sink.js'

/** As W&B's own clients tell how a process ended: 255 after an interrupt. */
const EXIT_CODES = { running: 0, completed: 0, failed: 1, crashed: 1, killed: 255 } as const

/** What is known, unless it contradicts the status: W&B shows a run with any other code than 0 as failed. */
export function exitCodeOf({ status, exitCode = EXIT_CODES[status] }: RunOutcome): number {
  return (exitCode === 0) === (EXIT_CODES[status] === 0) ? exitCode : EXIT_CODES[status]
}
