import { fork } from 'node:child_process'
import { once } from 'node:events'

export interface StartedProgram<Result> {
  /** Settles with the first message of the program. */
  readonly told: Promise<void>
  /** Null where it was killed, or failed, which it says on stderr. */
  readonly result: Promise<Result | null>
}

/** Runs one of `bench/programs/` with further variables in its environment. `errors`: what it writes to stderr. */
export function startProgram<Result>(
  program: string,
  parameters: object,
  env: { readonly [name: string]: string },
  errors: 'inherit' | 'ignore' = 'inherit',
): StartedProgram<Result> {
  const file = new URL(`./programs/${program}.js`, import.meta.url)
  const child = fork(file.pathname, [JSON.stringify(parameters)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', errors, 'ipc'],
  })
  const parts: Buffer[] = []
  child.stdout!.on('data', (part: Buffer) => parts.push(part))
  const told = new Promise<void>((resolve) => child.on('message', () => resolve()))
  const result = once(child, 'close').then(([code]) => {
    const line = Buffer.concat(parts).toString().trim().split('\n').at(-1) ?? ''
    return code === 0 && line !== '' ? (JSON.parse(line) as Result) : null
  })
  return { told, result }
}
