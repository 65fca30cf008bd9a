import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'

const WAIT_MS = 90_000

/** A real MLflow server on a loopback port, with SQLite and files below `directory`. It may be stopped and started again. */
export class MlflowProcess {
  readonly #python: string
  readonly #directory: string
  readonly #port: number
  #process: ChildProcess | null = null
  #log = ''

  private constructor(python: string, directory: string, port: number) {
    this.#python = python
    this.#directory = directory
    this.#port = port
  }

  /** `python`: an interpreter that has mlflow. */
  static async start(python: string, directory: string): Promise<MlflowProcess> {
    const server = new MlflowProcess(python, directory, await freePort())
    await server.start()
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get port(): number {
    return this.#port
  }

  /** What it wrote. */
  get log(): string {
    return this.#log
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const args = ['server', '--host', '127.0.0.1', '--port', `${this.#port}`, '--workers', '1']
    const stores = ['--backend-store-uri', 'sqlite:///mlflow.db', '--artifacts-destination', './files']
    const env = {
      ...process.env,
      MLFLOW_DISABLE_TELEMETRY: 'true',
      DO_NOT_TRACK: 'true',
      GIT_PYTHON_REFRESH: 'quiet',
    }
    const child = spawn(join(dirname(this.#python), 'mlflow'), [...args, ...stores], {
      cwd: this.#directory,
      env,
      // A group of its own: the server's workers are processes, too.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text
      })
    }
    this.#process = child
    const deadline = performance.now() + WAIT_MS
    while (!(await this.#answers())) {
      if (child.exitCode !== null || performance.now() > deadline) {
        await this.stop()
        throw new Error(`the MLflow server does not start:\n${this.#log}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** Ends the server and its workers, and waits for it. */
  async stop(): Promise<void> {
    const child = this.#process
    this.#process = null
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    process.kill(-child.pid, 'SIGKILL')
    await ended
  }

  async #answers(): Promise<boolean> {
    return fetch(`${this.url}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
  }
}

/** One that nobody has now. */
async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
