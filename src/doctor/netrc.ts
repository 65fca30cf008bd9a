import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** Where credentials of `host` may be: NETRC, else ~/.netrc, else ~/_netrc. */
function files(env: NodeJS.ProcessEnv): string[] {
  if (env.NETRC) return [env.NETRC]
  const home = env.HOME || env.USERPROFILE || os.homedir()
  return [path.join(home, '.netrc'), path.join(home, '_netrc')]
}

/** The file that holds a password for `host`, or null. The password itself is not kept. */
export function netrcFileFor(host: string, env: NodeJS.ProcessEnv): string | null {
  for (const file of files(env)) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch {
      // Not there, or not ours to read: then it holds nothing for us.
      continue
    }
    if (holdsPassword(text, host)) return file
  }
  return null
}

/** The format of netrc(5): tokens between white space, in any number of lines. */
function holdsPassword(text: string, host: string): boolean {
  const tokens = text.replace(/^\s*#.*$/gm, '').split(/\s+/)
  let ours = false
  for (const [i, token] of tokens.entries()) {
    if (token === 'machine') ours = tokens[i + 1] === host
    else if (token === 'default') ours = true
    else if (ours && token === 'password' && tokens[i + 1]) return true
  }
  return false
}
