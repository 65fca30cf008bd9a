import { findApiKey } from '../../sinks/wandb/settings/credentials.js'
import type { LoginArgs } from './types.js'

const DEFAULT_HOST = 'https://api.wandb.ai'

/** What `login()` was given, for the runs of this process. */
export const loggedIn: { apiKey?: string; baseUrl?: string } = {}

/**
 * Gives the API key: the one given, WANDB_API_KEY, or that of the netrc file. Nothing is asked at a terminal, and
 * nothing written: a key that is given is for the runs of this process. Rejects where there is none; runs start
 * without one, too.
 */
export async function login({ key, host }: LoginArgs = {}): Promise<string> {
  const baseUrl = host ?? process.env.WANDB_BASE_URL ?? DEFAULT_HOST
  const found = findApiKey(key, new URL(baseUrl).hostname, process.env)
  if (key) loggedIn.apiKey = key
  if (host) loggedIn.baseUrl = host
  return found
}
