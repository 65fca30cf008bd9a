import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { anonymous, lastLine } from './anonymous.js'
import { PYTHON_FILES } from './environment.js'
import { processTree, residentMiB } from './memory.js'

const LOOK_EVERY_MS = 50
/** Some wait for minutes for a server that they will never reach. */
const MOST_MS = 120_000

export interface Ended<Answer> {
  readonly answer: Answer
  /** Of the process and those that it started; 0 where the system does not tell. */
  readonly peakMiB: number
}

/** Runs a program of this directory to its end. Rejects with what it said last where it gives no answer. */
export async function runPython<Answer>(
  python: string,
  program: string,
  order: object,
  { home, env = {} }: { readonly home: string; readonly env?: { readonly [name: string]: string } },
): Promise<Ended<Answer>> {
  const args = [path.join(PYTHON_FILES, `${program}.py`), JSON.stringify(order)]
  const child = spawn(python, args, { cwd: home, env: { ...environment(home), ...env } })
  const closed = once(child, 'close') as Promise<[number | null]>
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text))
  let peakMiB = 0
  const start = performance.now()
  let late = false
  let before: readonly number[] = []
  const look = setInterval(() => {
    const pids = processTree(child.pid!)
    // One that is just being made is a copy of its parent for a moment, and has its whole memory.
    peakMiB = Math.max(peakMiB, residentMiB(pids.filter((pid) => before.includes(pid))))
    before = pids
    late = performance.now() - start > MOST_MS
    if (late) for (const pid of [...pids].reverse()) end(pid)
  }, LOOK_EVERY_MS)
  const [code] = await closed.finally(() => clearInterval(look))
  if (late) throw new Error(`it did not end within ${MOST_MS / 1000} s`)
  const line = texts.out.trim().split('\n').at(-1) ?? ''
  if (code !== 0 || !line.startsWith('{')) throw new Error(`its program failed: ${lastLine(texts.err)}`)
  return {
    answer: JSON.parse(line, (_, value) => (typeof value === 'string' ? anonymous(value) : value)),
    peakMiB,
  }
}

/** Nothing of the user's, and no way out of this machine: whoever asks the network for more is refused at once. */
const environment = (home: string): { readonly [name: string]: string } => ({
  PATH: process.env.PATH ?? '',
  HOME: home,
  PYTHONDONTWRITEBYTECODE: '1',
  HTTP_PROXY: NOWHERE,
  HTTPS_PROXY: NOWHERE,
  NO_PROXY: '127.0.0.1,localhost',
  WANDB_SILENT: 'true',
  WANDB_ERROR_REPORTING: 'false',
  MLFLOW_DISABLE_TELEMETRY: 'true',
  MLFLOW_ALLOW_FILE_STORE: 'true',
  GIT_PYTHON_REFRESH: 'quiet',
  DO_NOT_TRACK: 'true',
  HF_HUB_OFFLINE: '1',
  HF_HUB_DISABLE_TELEMETRY: '1',
})

/** Port 9 discards, where anything listens there at all. */
const NOWHERE = 'http://127.0.0.1:9'

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
