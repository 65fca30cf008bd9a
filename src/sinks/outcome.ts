import type { RunOutcome, RunStatus } from './sink.js'

/** `endTime`: milliseconds since the epoch. */
export function outcomeOf(
  { status, exitCode }: { readonly status: RunStatus; readonly exitCode?: number },
  endTime: number,
): RunOutcome {
  return exitCode === undefined ? { status, endTime } : { status, endTime, exitCode }
}
