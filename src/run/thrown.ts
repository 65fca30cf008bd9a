import { inspect } from 'node:util'
import type { FinishRequest } from '../daemon/messages.js'

/** What was thrown, for run.json. Anything may be thrown, and nothing of it may throw here. */
export function describeThrown(error: unknown): NonNullable<FinishRequest['error']> {
  try {
    if (!(error instanceof Error)) {
      return { name: 'Error', message: typeof error === 'string' ? error : inspect(error) }
    }
    const { name, message, stack } = error
    return {
      name: String(name),
      message: String(message),
      ...(typeof stack === 'string' ? { stack } : {}),
    }
  } catch {
    return { name: 'Error', message: 'The thrown value cannot be shown' }
  }
}
