import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { addPoint, countPoints, type Scalars } from './points.js'
import { PYTHON } from './python.js'

/** The loaders that TensorBoard has: one in Rust (what users get on Linux and macOS), one in Python. */
export const LOADERS = {
  fast: ['--load_fast=true', '--extra_data_server_flags=--checksum'],
  slow: ['--load_fast=false'],
} as const

/** A real TensorBoard on a free port of the loopback interface, with every point kept. */
export class TensorBoardServer {
  readonly #process: ChildProcess
  #log = ''
  #address = ''

  private constructor(process: ChildProcess) {
    this.#process = process
    process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
    })
  }

  static async start(logdir: string, loader: keyof typeof LOADERS): Promise<TensorBoardServer> {
    const args = ['--logdir', logdir, '--host', '127.0.0.1', '--port', '0', '--reload_interval', '1']
    // 0 keeps every point, but then the scalars route answers with none (TensorBoard 2.21.0).
    const everyPoint = ['--samples_per_plugin', 'scalars=1000000,histograms=1000,images=100']
    const process = spawn(PYTHON, ['-m', 'tensorboard.main', ...args, ...everyPoint, ...LOADERS[loader]], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const server = new TensorBoardServer(process)
    try {
      server.#address = await server.until(
        'an address',
        async () => /http:\/\/[\w.]+:\d+/.exec(server.#log)?.[0],
      )
      return server
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  /** `http://127.0.0.1:<port>`, without a slash at its end. */
  get address(): string {
    return this.#address
  }

  /** What it wrote to stderr. */
  get log(): string {
    return this.#log
  }

  /** Waits until it has as many points as `expected`, then gives back what it has. */
  async read(expected: Scalars): Promise<Scalars> {
    let scalars: Scalars = new Map()
    const wanted = countPoints(expected)
    await this.until(`${wanted} points`, async () => {
      scalars = await this.#scalars()
      return countPoints(scalars) >= wanted || undefined
    }).catch((error) => {
      if (scalars.size === 0) throw error
    })
    return scalars
  }

  /** Ends the server and waits for it. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    await ended
  }

  /** The answer of a plugin's route, as JSON. Throws where there is none. */
  async json<Answer>(route: string, query: Record<string, string> = {}): Promise<Answer> {
    return (await this.#fetch(route, query)).json() as Promise<Answer>
  }

  async bytes(route: string, query: Record<string, string> = {}): Promise<Buffer> {
    return Buffer.from(await (await this.#fetch(route, query)).arrayBuffer())
  }

  /** Asks again and again, for a minute: it loads while it answers. */
  async until<Value>(what: string, probe: () => Promise<Value | undefined>): Promise<Value> {
    const deadline = Date.now() + 60_000
    while (Date.now() < deadline && this.#process.exitCode === null) {
      const value = await probe()
      if (value !== undefined) return value
      await delay(100)
    }
    throw new Error(`TensorBoard has not given ${what}:\n${this.#log}`)
  }

  async #scalars(): Promise<Scalars> {
    const scalars: Scalars = new Map()
    const runs = await this.json<Record<string, Record<string, unknown>>>('scalars/tags')
    for (const [run, tags] of Object.entries(runs)) {
      for (const tag of Object.keys(tags)) {
        const points = await this.json<[number, number, number | string][]>('scalars/scalars', { run, tag })
        // JSON has no NaN and no infinities: they come as their names.
        for (const [wallTime, step, value] of points) {
          addPoint(scalars, run, tag, { wallTime, step, value: Number(value) })
        }
      }
    }
    return scalars
  }

  async #fetch(route: string, query: Record<string, string>): Promise<Response> {
    const url = `${this.#address}/data/plugin/${route}?${new URLSearchParams(query)}`
    const response = await fetch(url)
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
    return response
  }
}
