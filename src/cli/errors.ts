/** What the exit code says; the same for all commands. */
export const EXIT = {
  ok: 0,
  /** Something is left to do, is damaged, or failed: the output says what. */
  problem: 1,
  /** Wrong usage, or no such run. */
  usage: 2,
  interrupted: 130,
  terminated: 143,
} as const

const WRONG_USAGE = new Set([
  'OFFSTEP_OPTIONS',
  'OFFSTEP_RUN_FILE',
  'OFFSTEP_FILTER',
  'OFFSTEP_STORE',
  'OFFSTEP_EXPORT',
  'OFFSTEP_QUERY',
  'OFFSTEP_IMPORT',
])

/** Ends the command with one line on stderr: the message names the fix. */
export class CliError extends Error {
  readonly code = 'OFFSTEP_CLI'
  readonly retryable = false
  readonly exitCode: number

  constructor(message: string, exitCode: number = EXIT.usage) {
    super(message)
    this.name = 'CliError'
    this.exitCode = exitCode
  }
}

/**
 * What to print for an error, and the exit code. Errors of ours and of the system are told in their own words;
 * anything else is a bug, and comes with its stack.
 */
export function explain(error: unknown): { message: string; exitCode: number } {
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode }
  const { code, message, stack, syscall } = error as NodeJS.ErrnoException
  if (code !== undefined && WRONG_USAGE.has(code)) return { message, exitCode: EXIT.usage }
  if (code?.startsWith('OFFSTEP_') || syscall !== undefined) return { message, exitCode: EXIT.problem }
  return { message: `this is a bug in offstep: ${stack ?? String(error)}`, exitCode: EXIT.problem }
}
