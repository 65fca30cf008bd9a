import http from 'node:http'
import type { AddressInfo } from 'node:net'

const ENTITY = 'bench'

/**
 * A W&B server for W&B's own client, on a free port of the loopback interface: it takes every run and file, and counts
 * history lines. (The one of ../../programs/wandb-server.ts knows no files, and this client cannot live without.)
 */
export class WandbBackend {
  readonly #server = http.createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const answer = this.#answer(request.url ?? '', Buffer.concat(parts))
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })
  })
  readonly #lines = new Set<number>()
  #bytes = 0

  static async use<T>(body: (backend: WandbBackend) => Promise<T>): Promise<T> {
    const backend = new WandbBackend()
    const server = backend.#server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      return await body(backend)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }

  /** What a client needs to come here. */
  get env(): { readonly [name: string]: string } {
    return { WANDB_BASE_URL: this.#url, WANDB_API_KEY: '0123456789abcdef0123456789abcdef01234567' }
  }

  /** History lines that are there, each number once. */
  get arrived(): number {
    return this.#lines.size
  }

  /** Of the requests that brought them. */
  get bytes(): number {
    return this.#bytes
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #answer(path: string, body: Buffer): object {
    if (path === '/graphql') return { data: this.#graphql(JSON.parse(body.toString())) }
    if (path.endsWith('/file_stream')) this.#keep(body)
    return { exitcode: null, limits: {} }
  }

  #graphql({ query, variables }: Graphql): object {
    if (query.includes('createRunFiles')) {
      const files = (variables.files ?? []).map((name) => ({ name, uploadUrl: `${this.#url}/upload` }))
      return { createRunFiles: { runID: 'b', uploadHeaders: [], files } }
    }
    if (query.includes('serverInfo')) return { serverInfo: { features: [] } }
    if (query.includes('viewer'))
      return { viewer: { id: 'u', entity: ENTITY, username: ENTITY, flags: '{}', teams: { edges: [] } } }
    if (!query.includes('upsertBucket')) return { model: null, entity: { organization: null } }
    const project = { id: 'p', name: 'bench', entity: { id: 'e', name: ENTITY } }
    const { name } = variables
    const bucket = {
      id: 'b',
      name,
      displayName: name,
      description: null,
      config: '{}',
      sweepName: null,
      project,
    }
    return { upsertBucket: { bucket: { ...bucket, historyLineCount: 0 }, inserted: true } }
  }

  #keep(body: Buffer): void {
    const { files = {} } = JSON.parse(body.toString()) as FileStream
    const history = files['wandb-history.jsonl']
    if (history === undefined) return
    this.#bytes += body.length
    for (const index of history.content.keys()) this.#lines.add(history.offset + index)
  }
}

interface Graphql {
  readonly query: string
  readonly variables: { readonly name?: string; readonly files?: readonly string[] }
}

interface FileStream {
  readonly files?: {
    readonly [name: string]: { readonly offset: number; readonly content: readonly string[] }
  }
}
