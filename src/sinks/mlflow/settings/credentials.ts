import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { MlflowSettings } from './settings.js'

export interface Credentials {
  /** The header; undefined where there is nothing to tell. */
  readonly authorization: string | undefined
  /** What must not be repeated to anybody. */
  readonly secrets: readonly string[]
}

type Given = MlflowSettings['credentials']

/**
 * The options, else MLFLOW_TRACKING_USERNAME, _PASSWORD and _TOKEN, else ~/.mlflow/credentials; a name and a password
 * go before a token, as with MLflow's own client. Read anew each time, so that a mend during the run counts. Blocks.
 */
export function findCredentials(given: Given, env: NodeJS.ProcessEnv): Credentials {
  const { username, password, token } = pickedFrom(given, env)
  if (username !== undefined && password !== undefined) {
    const pair = `${username}:${password}`
    return { authorization: `Basic ${Buffer.from(pair).toString('base64')}`, secrets: [pair, password] }
  }
  if (token !== undefined) return { authorization: `Bearer ${token}`, secrets: [token] }
  return { authorization: undefined, secrets: [] }
}

/** A name in the options goes with a password in the environment; a token in the options goes before what is there. */
function pickedFrom(given: Given, env: NodeJS.ProcessEnv): Given {
  const pair = given.username !== undefined || given.password !== undefined
  if (given.token !== undefined && !pair) return given
  return { ...fromEnvironment(env), ...given }
}

function fromEnvironment(env: NodeJS.ProcessEnv): Given {
  const file = fromFile(env)
  const pick = (variable: string, key: string) => env[variable]?.trim() || file.get(key)
  const username = pick('MLFLOW_TRACKING_USERNAME', 'mlflow_tracking_username')
  const password = pick('MLFLOW_TRACKING_PASSWORD', 'mlflow_tracking_password')
  const token = env.MLFLOW_TRACKING_TOKEN?.trim()
  return { ...(username && { username }), ...(password && { password }), ...(token && { token }) }
}

/** `[mlflow]` and lines of `name = value`. */
function fromFile(env: NodeJS.ProcessEnv): Map<string, string> {
  const home = env.HOME || env.USERPROFILE || homedir()
  const entries = new Map<string, string>()
  let text: string
  try {
    text = readFileSync(join(home, '.mlflow', 'credentials'), 'utf8')
  } catch {
    // Not there, or not ours to read: then it holds nothing for us.
    return entries
  }
  let section = ''
  for (const line of text.split('\n')) {
    section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1]?.trim() ?? section
    const [, name, value] = /^\s*(\w+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? []
    if (section === 'mlflow' && name !== undefined && value) entries.set(name.toLowerCase(), value)
  }
  return entries
}
