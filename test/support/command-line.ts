import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Ended, type Program, startProgram } from './program.js'
import { until } from './until.js'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures')
const MAIN = '../../dist/src/cli/main.js'

export interface CommandResult extends Ended {
  readonly stdout: string
  readonly stderr: string
}

/** Starts `offstep` as a child process. Nothing of this environment that changes what it prints reaches it. */
export function startOffstep(
  args: readonly (string | number)[],
  { dir, env = {} }: { dir: string; env?: Record<string, string> },
): Program {
  const neutral = { FORCE_COLOR: '', NO_COLOR: '1', OFFSTEP_DIR: dir, WANDB_API_KEY: '', HOME: dir }
  return startProgram(MAIN, { args, dir, env: { ...neutral, ...env } })
}

export async function offstep(
  args: readonly (string | number)[],
  options: { dir: string; env?: Record<string, string> },
): Promise<CommandResult> {
  const program = startOffstep(args, options)
  const ended = await program.ended
  return { ...ended, stdout: program.stdout, stderr: program.stderr }
}

export interface MadeRun {
  readonly id: string
  readonly rows: number
  /** `kill`: its process dies; `live`: it goes on; else the status that it ends with. */
  readonly end: 'kill' | 'live' | 'completed' | 'failed'
  readonly project?: string
  readonly sinks?: readonly unknown[]
}

/** A run by a program of its own, which has ended unless it is to live. Returns its directory and the program. */
export async function makeRun(dir: string, run: MadeRun): Promise<{ dir: string; program: Program }> {
  const program = startProgram('cli/run.mjs', { args: [JSON.stringify(run)], dir })
  await program.waitFor('logged')
  if (run.end !== 'live') await program.ended
  return { dir: join(dir, run.project ?? 'default', run.id), program }
}

/** The sink of fixtures/cli/sink.mjs as `init({ sinks })` takes it, and what a test sees of it. */
export class TestSink {
  readonly option: { readonly module: string; readonly name: string; readonly file: string }
  readonly #file: string

  constructor(dir: string, name = 'mine') {
    this.#file = join(dir, `${name}.txt`)
    const module = pathToFileURL(join(FIXTURES, 'cli/sink.mjs')).href
    this.option = { module, name, file: this.#file }
  }

  behave(mode: 'well' | 'wait' | 'fail' | 'pause' | 'reject'): void {
    writeFileSync(`${this.#file}.mode`, mode)
  }

  get attempts(): number {
    return linesOf(`${this.#file}.attempts`).length
  }

  /** Resolves when it has begun with one more batch than `before`. */
  async begins(before = 0): Promise<void> {
    await until('the sink has a batch in hand', () => this.attempts > before)
  }

  /** `producer:sequence` of each row that it holds. */
  get rows(): string[] {
    return linesOf(this.#file)
  }
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}

/** The rows 0 .. count - 1 of one producer, as TestSink writes them. */
export const rowsUpTo = (count: number): string[] => Array.from({ length: count }, (_, row) => `0:${row}`)
