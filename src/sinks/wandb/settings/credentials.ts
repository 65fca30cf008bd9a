import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SinkError } from '../../errors.js'
import { LOOK_AGAIN_MS } from '../../http/pause.js'

/**
 * The API key for `host`: the option, WANDB_API_KEY, or the netrc file that `wandb login` writes. Read anew each
 * time, so that a login during the run counts. Throws a `pause` SinkError where there is none. Blocks.
 */
export function findApiKey(option: string | undefined, host: string, env: NodeJS.ProcessEnv): string {
  const key = option?.trim() || env.WANDB_API_KEY?.trim() || netrcPassword(host, env)
  if (key !== undefined) return key
  throw new SinkError(
    'pause',
    'WANDB_NO_KEY',
    `there is no W&B API key for ${host}: set WANDB_API_KEY, or run \`wandb login\``,
    { retryAfterMs: LOOK_AGAIN_MS },
  )
}

/** The password for `host` in NETRC, else ~/.netrc, else ~/_netrc. */
export function netrcPassword(host: string, env: NodeJS.ProcessEnv): string | undefined {
  for (const file of netrcFiles(env)) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch {
      // Not there, or not ours to read: then it holds nothing for us.
      continue
    }
    const password = passwordIn(text, host)
    if (password !== undefined) return password
  }
  return undefined
}

function netrcFiles(env: NodeJS.ProcessEnv): string[] {
  if (env.NETRC) return [env.NETRC]
  const home = env.HOME || env.USERPROFILE || os.homedir()
  return [path.join(home, '.netrc'), path.join(home, '_netrc')]
}

/** The format of netrc(5): tokens between white space, in any number of lines; `default` is for any host. */
function passwordIn(text: string, host: string): string | undefined {
  const tokens = text
    .replace(/^\s*#.*$/gm, '')
    .split(/\s+/)
    .values()
  let ours = false
  for (const token of tokens) {
    if (token === 'machine') ours = tokens.next().value === host
    else if (token === 'default') ours = true
    else if (token === 'login' || token === 'account') tokens.next()
    else if (token === 'password') {
      const password = tokens.next().value
      if (ours && password) return password
    }
  }
  return undefined
}
