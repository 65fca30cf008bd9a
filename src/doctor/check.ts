export type CheckStatus = 'ok' | 'warning' | 'failed'

/** One thing that was looked at. */
export interface Check {
  readonly name: string
  readonly status: CheckStatus
  /** What was found, on one line. Never holds a secret. */
  readonly found: string
  /** How to mend it, or what it would take to have more; null where nothing is to be done. */
  readonly fix: string | null
}

/** What the checks may know; nothing else is read from the process, so that tests can say what is there. */
export interface DoctorContext {
  /** Where runs are, or would be. Absolute; need not exist. */
  readonly dir: string
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Also look for destinations that are not configured. */
  readonly allDestinations: boolean
  /** For each thing that may not answer. */
  readonly timeoutMs: number
}

export const ok = (name: string, found: string, fix: string | null = null): Check => ({
  name,
  status: 'ok',
  found,
  fix,
})

export const warning = (name: string, found: string, fix: string): Check => ({
  name,
  status: 'warning',
  found,
  fix,
})

export const failed = (name: string, found: string, fix: string): Check => ({
  name,
  status: 'failed',
  found,
  fix,
})

/** The code of a system error with what it means, without paths or addresses that are named elsewhere. */
export function errorText(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message ?? String(error)
}
