import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TEST_KEY, type WandbServer } from '../../support/wandb-server/server.js'
import { PYTHON } from '../support/python.js'

/** The interpreter with W&B's own client; another one than scripts/interop.mjs sets up by this variable. */
const INTERPRETER = process.env.OFFSTEP_INTEROP_PYTHON ?? PYTHON

export interface Ended {
  readonly code: number | null
  /** Standard output and error, together. */
  readonly output: string
}

/** W&B's own client, in processes of its own, with a home of its own, that talk to the scripted server alone. */
export class WandbClient {
  readonly #server: WandbServer
  readonly #children = new Set<ChildProcess>()
  readonly home = mkdtempSync(join(tmpdir(), 'offstep-wandb-client-'))

  constructor(server: WandbServer) {
    this.#server = server
  }

  /** Ends programs that still run: those of a test that has failed. */
  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  /** Runs one of the Python programs beside this file to its end. */
  program(name: string, ...args: readonly string[]): Promise<Ended> {
    return this.#run([join(import.meta.dirname, name), ...args])
  }

  /** Runs a program of ours beside this file, in the same environment. */
  ours(name: string, ...args: readonly string[]): Promise<Ended> {
    return this.#run([join(import.meta.dirname, name), ...args], process.execPath)
  }

  /** `wandb sync DIRECTORY`. */
  sync(directory: string): Promise<Ended> {
    return this.#run(['-m', 'wandb', 'sync', directory])
  }

  #run(args: readonly string[], interpreter = INTERPRETER): Promise<Ended> {
    const child = spawn(interpreter, args, { cwd: this.home, env: this.#environment() })
    this.#children.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => {
        this.#children.delete(child)
        resolve({ code, output })
      })
    })
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      HOME: this.home,
      WANDB_DIR: this.home,
      WANDB_BASE_URL: this.#server.url,
      WANDB_API_KEY: TEST_KEY,
      WANDB_ERROR_REPORTING: 'false',
      NO_PROXY: '127.0.0.1',
    }
  }
}
