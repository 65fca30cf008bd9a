import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { until } from './until.js'

const FIXTURES = join(import.meta.dirname, '..', 'fixtures')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A fixture program as a child process. It tells where it stands by lines on stdout. */
export class Program {
  readonly #child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''
  #endedAt = 0
  readonly #toldAt = new Map<string, number>()

  constructor(
    fixture: string,
    args: readonly (string | number)[],
    env: Record<string, string>,
    execArgv: string[],
  ) {
    const { OFFSTEP_MODE: _mode, OFFSTEP_DIR: _dir, NODE_OPTIONS: _options, ...inherited } = process.env
    this.#child = spawn(process.execPath, [...execArgv, resolve(FIXTURES, fixture), ...args.map(String)], {
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      for (const word of text.split('\n'))
        if (!this.#toldAt.has(word)) this.#toldAt.set(word, performance.now())
    })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.#child.on('exit', () => {
      this.#endedAt = performance.now()
    })
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => resolve({ code, signal }))
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  told(word: string): boolean {
    return this.#toldAt.has(word)
  }

  async waitFor(word: string): Promise<void> {
    await until(
      `the program says "${word}" (stderr: ${this.stderr})`,
      () => this.told(word) || !this.running,
      {
        everyMs: 1,
      },
    )
    if (!this.told(word)) await this.ended
    if (!this.told(word)) throw new Error(`The program ended before it said "${word}": ${this.stderr}`)
  }

  kill(signal: NodeJS.Signals): void {
    this.#toldAt.set(signal, performance.now())
    this.#child.kill(signal)
  }

  /** From the moment the program said `word`, or was sent that signal, to its end. */
  msFrom(word: string): number {
    return this.#endedAt - (this.#toldAt.get(word) ?? Number.NaN)
  }
}

export interface ProgramOptions {
  /** A concurrent test has to give its own. */
  readonly onFinished?: (action: () => Promise<void>) => void
  readonly args?: readonly (string | number)[]
  /** Where the fixture puts its runs. */
  readonly dir: string
  readonly env?: Record<string, string>
  readonly execArgv?: string[]
}

/** Starts `test/fixtures/<fixture>`, or the file of an absolute path; it is ended, by its pid, when the test is over. */
export function startProgram(
  fixture: string,
  { args = [], dir, env = {}, execArgv = [], onFinished = onTestFinished }: ProgramOptions,
): Program {
  const program = new Program(fixture, args, { RUNS: dir, ...env }, execArgv)
  onFinished(async () => {
    if (program.running) program.kill('SIGKILL')
    await program.ended
  })
  return program
}
