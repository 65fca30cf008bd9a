import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('./programs/wandb-server.js', import.meta.url))

export interface ServerCounts {
  /** History lines that are there, each number once. */
  rows: number
  /** Of the requests that brought them. */
  bytes: number
  /** When the first and the last of those requests came; milliseconds since the epoch, 0 before. */
  firstAt: number
  lastAt: number
  complete: boolean
}

export type ServerOrder =
  | { readonly type: 'listen' | 'refuse' | 'count' }
  /** The next file_stream requests are answered so; `hangs`: none is ever answered. */
  | { readonly type: 'fail'; readonly statuses: readonly number[]; readonly hangs: boolean }

interface Answer {
  readonly port: number
  readonly counts: ServerCounts
}

/** The server of programs/wandb-server.ts, on a free port of the loopback interface. */
export class BenchServer {
  readonly #child: ChildProcess
  #answers: ((answer: Answer) => void)[] = []
  #port = 0
  /** Settles with the first run that is created. */
  readonly upserted: Promise<void>

  private constructor() {
    this.#child = fork(PROGRAM)
    this.upserted = new Promise((resolve) => {
      this.#child.on('message', (message: Answer | 'upserted') => {
        if (message === 'upserted') resolve()
        else this.#answers.shift()?.(message)
      })
    })
  }

  /** Calls `body` with a server that listens, and ends it. */
  static async use<T>(body: (server: BenchServer) => Promise<T>): Promise<T> {
    const server = new BenchServer()
    try {
      await server.listen()
      return await body(server)
    } finally {
      server.#child.disconnect()
    }
  }

  /** What a client needs to come here. */
  get env(): { readonly [name: string]: string } {
    return {
      WANDB_BASE_URL: `http://127.0.0.1:${this.#port}`,
      WANDB_API_KEY: '0123456789abcdef0123456789abcdef01234567',
      WANDB_SILENT: 'true',
    }
  }

  /** At the same port as before. */
  async listen(): Promise<void> {
    this.#port = (await this.#order({ type: 'listen' })).port
  }

  /** Refuses connections, and cuts those that there are. */
  async refuse(): Promise<void> {
    await this.#order({ type: 'refuse' })
  }

  async fail(statuses: readonly number[], hangs = false): Promise<void> {
    await this.#order({ type: 'fail', statuses, hangs })
  }

  async counts(): Promise<ServerCounts> {
    return (await this.#order({ type: 'count' })).counts
  }

  #order(order: ServerOrder): Promise<Answer> {
    return new Promise((resolve) => {
      this.#answers.push(resolve)
      this.#child.send(order)
    })
  }
}
