/** Commands on a pseudo-terminal, made by script(1) of util-linux: not every machine has it. */
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const MAIN = join(import.meta.dirname, '../../dist/src/cli/main.js')
/** There is a terminal to test on. */
export const HAS_SCRIPT = spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0

export interface OnTerminal {
  readonly screen: () => string
  readonly ended: Promise<number | null>
  /** What the user types, Ctrl-C included: the terminal makes a signal of it. */
  type(keys: string): void
}

/** Starts `offstep` on a terminal of 80 columns. */
export function onTerminal(args: readonly string[], dir: string): OnTerminal {
  const quoted = [process.execPath, MAIN, ...args].map((arg) => `'${arg}'`).join(' ')
  const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...env } = process.env
  const child = spawn('script', ['-qec', quoted, '/dev/null'], {
    env: { ...env, OFFSTEP_DIR: dir, TERM: 'xterm', COLUMNS: '80' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  onTestFinished(async () => {
    if (child.exitCode === null) child.kill('SIGKILL')
    await ended
  })
  return { screen: () => text, ended, type: (keys) => void child.stdin.write(keys) }
}
