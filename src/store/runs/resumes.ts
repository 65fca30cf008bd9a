import type { RunResume } from '../run-file.js'

/** How the process before ended, in words: `failed (exit code 1), RangeError: too large`. */
export function previousEnd({ previous: { status, exitCode, error } }: RunResume): string {
  const code = exitCode === undefined ? '' : ` (exit code ${exitCode})`
  const why = error === undefined ? '' : `, ${error.name}: ${error.message}`
  return `${status ?? 'unknown'}${code}${why}`
}

/** From where the run went on, in words. */
export function wentOnFrom({ rewoundTo }: RunResume): string {
  if (rewoundTo === null) return 'from where it was'
  return rewoundTo === 'start' ? 'from the start' : `from step ${rewoundTo}`
}
