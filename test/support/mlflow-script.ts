/**
 * An MLflow server in memory, which answers as the real ones do (3.5 and 3.17 were read for it), also where a real one
 * cannot be made to: by script. Requests are judged: what MLflow would refuse is refused.
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Metric,
  metricKey,
  newRun,
  runJson,
  type ScriptedRun,
  storedValue,
} from './mlflow-script-run.js'

export interface MlflowFault {
  /** The end of the path: `runs/log-batch`. */
  readonly on: string
  /** The request is carried out all the same. */
  readonly commit?: boolean
  /** Null: the connection is cut. Undefined: nothing is answered until the client goes away. */
  readonly status?: number | null
  readonly body?: string
  readonly headers?: Record<string, string>
}

export interface MlflowScript {
  readonly faults?: readonly MlflowFault[]
  /** As `Authorization` has to be. */
  readonly authorization?: string
  readonly version?: string
  /** As servers before 3.10 do with many names: whatever comes again is a database's error. */
  readonly refusesDuplicates?: boolean
  readonly artifactRoot?: string
  /** Files in parts are taken. */
  readonly multipart?: boolean
}

export interface SeenRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Buffer
  readonly authorization: string | undefined
}

type Json = Record<string, unknown>

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

const bad = (message: string) => new Refusal(400, 'INVALID_PARAMETER_VALUE', message)
const missing = (message: string) => new Refusal(404, 'RESOURCE_DOES_NOT_EXIST', message)
const integrity = () =>
  new Refusal(
    400,
    'BAD_REQUEST',
    '(sqlite3.IntegrityError) UNIQUE constraint failed: metrics.key, metrics.value',
  )

const NAME = /^[/\p{L}\p{N}_.\- :]*$/u

export class ScriptedMlflow {
  readonly requests: SeenRequest[] = []
  readonly experiments = new Map<string, { id: string; name: string; deleted: boolean }>()
  readonly runs = new Map<string, ScriptedRun>()
  readonly files = new Map<string, Buffer>()
  readonly uploads = new Map<string, Map<number, Buffer>>()
  readonly #script: MlflowScript
  readonly #faults: MlflowFault[]
  readonly #server: Server
  #lasting: (request: SeenRequest) => Omit<MlflowFault, 'on'> | undefined = () => undefined

  private constructor(script: MlflowScript) {
    this.#script = script
    this.#faults = [...(script.faults ?? [])]
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.experiments.set('0', { id: '0', name: 'Default', deleted: false })
  }

  static async start(script: MlflowScript = {}): Promise<ScriptedMlflow> {
    const server = new ScriptedMlflow(script)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get faultsLeft(): number {
    return this.#faults.length
  }

  fail(...faults: MlflowFault[]): void {
    this.#faults.push(...faults)
  }

  /** Answers so whatever is like that, as long as it comes. */
  failWhile(like: (request: SeenRequest) => boolean, fault: Omit<MlflowFault, 'on'>): void {
    this.#lasting = (request) => (like(request) ? fault : undefined)
  }

  bodiesOf(path: string): Json[] {
    return this.requests
      .filter((request) => request.path.endsWith(path))
      .map(({ body }) => JSON.parse(`${body}`))
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { pathname, searchParams } = new URL(request.url!, this.url)
    const { authorization } = request.headers
    const seen = { path: pathname, query: searchParams, body: Buffer.concat(chunks), authorization }
    this.requests.push(seen)
    const at = this.#faults.findIndex(({ on }) => pathname.endsWith(on))
    const fault = at < 0 ? this.#lasting(seen) : this.#faults.splice(at, 1)[0]
    if (fault !== undefined) {
      if (fault.commit) this.#answer(seen)
      if (fault.status === null) response.destroy()
      else if (fault.status !== undefined)
        response.writeHead(fault.status, fault.headers).end(fault.body ?? '{}')
      return
    }
    const { status, text, headers = {} } = this.#answer(seen)
    response.writeHead(status, headers).end(text)
  }

  #answer(seen: SeenRequest): { status: number; text: string; headers?: Record<string, string> } {
    const { authorization, version = '3.17.2' } = this.#script
    if (seen.path === '/version') return { status: 200, text: version }
    if (seen.path.startsWith('/part/')) return this.#part(seen)
    if (authorization !== undefined && seen.authorization !== authorization) {
      return { status: 401, text: `You are not authenticated as ${seen.authorization}` }
    }
    try {
      return { status: 200, text: JSON.stringify(this.#route(seen)) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const text = JSON.stringify({ error_code: error.code, message: error.message })
      return { status: error.status, text }
    }
  }

  #route(seen: SeenRequest): Json {
    const path = seen.path.replace('/api/2.0/', '')
    if (path.startsWith('mlflow-artifacts/artifacts/')) {
      this.files.set(decodeURIComponent(path.slice('mlflow-artifacts/artifacts/'.length)), seen.body)
      return {}
    }
    const json: Json = seen.body.length === 0 ? {} : JSON.parse(`${seen.body}`)
    if (path.startsWith('mlflow-artifacts/mpu/')) return this.#multipart(path, json)
    switch (path.replace('mlflow/', '')) {
      case 'experiments/get-by-name':
        return this.#experiment(({ name }) => name === seen.query.get('experiment_name'))
      case 'experiments/get':
        return this.#experiment(({ id }) => id === seen.query.get('experiment_id'))
      case 'experiments/create': {
        if ([...this.experiments.values()].some(({ name }) => name === json.name)) {
          throw new Refusal(400, 'RESOURCE_ALREADY_EXISTS', 'Experiment already exists')
        }
        const id = `${this.experiments.size}`
        this.experiments.set(id, { id, name: `${json.name}`, deleted: false })
        return { experiment_id: id }
      }
      case 'runs/create':
        return this.#create(json)
      case 'runs/get':
        return { run: runJson(this.#run(seen.query.get('run_id'))) }
      case 'runs/search':
        return this.#search(json)
      case 'runs/update': {
        Object.assign(this.#run(json.run_id), { status: json.status, endTime: json.end_time })
        return {}
      }
      case 'runs/delete':
        this.#run(json.run_id).deleted = true
        return {}
      case 'runs/delete-tag':
        if (!this.#run(json.run_id).tags.delete(`${json.key}`)) throw missing('No tag with this name')
        return {}
      case 'runs/log-batch':
        if (seen.body.length > 1_000_000)
          throw bad('Batched logging API requests must be at most 1000000 bytes')
        this.#logBatch(json)
        return {}
      case 'metrics/get-history':
        return this.#history(seen.query)
    }
    throw new Refusal(404, 'ENDPOINT_NOT_FOUND', path)
  }

  #experiment(is: (experiment: { id: string; name: string }) => boolean): Json {
    const found = [...this.experiments.values()].find(is)
    if (found === undefined) throw missing('No such experiment')
    const { id, name, deleted } = found
    return { experiment: { experiment_id: id, name, lifecycle_stage: deleted ? 'deleted' : 'active' } }
  }

  #create({ experiment_id, run_name, start_time, tags }: Json): Json {
    const id = `run${this.runs.size}`
    const root = this.#script.artifactRoot ?? 'mlflow-artifacts:'
    const run = newRun(
      id,
      `${experiment_id}`,
      `${run_name}`,
      Number(start_time),
      `${root}/${experiment_id}/${id}/artifacts`,
    )
    for (const { key, value } of (tags ?? []) as { key: string; value: string }[]) run.tags.set(key, value)
    this.runs.set(id, run)
    return { run: runJson(run) }
  }

  #run(id: unknown): ScriptedRun {
    const run = this.runs.get(`${id}`)
    if (run === undefined) throw missing(`Run with id=${id} not found`)
    return run
  }

  #search({ experiment_ids, filter, run_view_type }: Json): Json {
    const [, key = '', value] = /^tags\.`(.+)` = '(.+)'$/.exec(`${filter}`) ?? []
    const runs = [...this.runs.values()].filter(
      (run) =>
        (experiment_ids as string[]).includes(run.experimentId) &&
        run.tags.get(key) === value &&
        (run_view_type === 'ALL' || !run.deleted),
    )
    runs.sort((a, b) => a.startTime - b.startTime || (a.id < b.id ? -1 : 1))
    return { runs: runs.map(runJson) }
  }

  #logBatch({ run_id, metrics = [], params = [], tags = [] }: Json): void {
    const run = this.#run(run_id)
    if (run.deleted) throw bad(`The run ${run_id} must be in 'active' state. Current state is deleted.`)
    const pairs = {
      params: params as { key: string; value: string }[],
      tags: tags as { key: string; value: string }[],
    }
    if ((metrics as []).length > 1000) throw bad('at most 1000 metrics')
    for (const list of [pairs.params, pairs.tags]) if (list.length > 100) throw bad('at most 100 of a kind')
    for (const { key } of [...(metrics as Metric[]), ...pairs.params, ...pairs.tags]) checkName(key)
    for (const { key, value } of pairs.params) {
      if (value.length > 6000) throw bad('param value too long')
      const known = run.params.get(key)
      if (known !== undefined && known !== value) throw bad('Changing param values is not allowed.')
    }
    for (const { key, value } of pairs.params) run.params.set(key, value)
    this.#logMetrics(run, metrics as Metric[])
    for (const { key, value } of pairs.tags) run.tags.set(key, value)
  }

  #logMetrics(run: ScriptedRun, metrics: readonly Metric[]): void {
    const points = new Map(metrics.map((metric) => [metricKey(metric), metric]))
    const again = [...points].filter(([key]) => run.points.has(key))
    const nan = again.some(([, { value }]) => Number.isNaN(Number(value)))
    if (nan || (again.length > 0 && this.#script.refusesDuplicates)) throw integrity()
    for (const [key, metric] of points) run.points.set(key, metric)
  }

  #history(query: URLSearchParams): Json {
    const run = this.#run(query.get('run_id'))
    const most = Number(query.get('max_results'))
    const from = Number(query.get('page_token') ?? 0)
    const points = [...run.points.values()].filter(({ key }) => key === query.get('metric_key'))
    const page = points
      .slice(from, from + most)
      .map((point) => ({ ...point, value: storedValue(point.value) }))
    return points.length > from + most
      ? { metrics: page, next_page_token: `${from + most}` }
      : { metrics: page }
  }

  #multipart(path: string, json: Json): Json {
    if (!this.#script.multipart)
      throw new Refusal(501, 'NOT_IMPLEMENTED', 'Multipart upload is not supported')
    const [, , call, ...at] = path.split('/')
    const target = `${at.map(decodeURIComponent).join('/')}/${json.path}`
    if (call === 'create') {
      this.uploads.set(target, new Map())
      const numbers = Array.from({ length: Number(json.num_parts) }, (_, index) => index + 1)
      const credentials = numbers.map((number) => ({
        url: `${this.url}/part/${number}?of=${encodeURIComponent(target)}`,
        part_number: number,
        headers: { 'x-signed': 'yes' },
      }))
      return { upload_id: target, credentials }
    }
    const parts = this.uploads.get(`${json.upload_id}`)
    if (call === 'complete') {
      const given = json.parts as { part_number: number; etag: string }[]
      if (given.some(({ part_number, etag }) => etag !== `"etag-${part_number}"`))
        throw bad('an etag is wrong')
      this.files.set(target, Buffer.concat(given.map(({ part_number }) => parts!.get(part_number)!)))
    }
    this.uploads.delete(`${json.upload_id}`)
    return {}
  }

  #part({ path, query, body, authorization }: SeenRequest) {
    const number = Number(path.split('/').at(-1))
    if (authorization !== undefined) return { status: 400, text: 'the credentials are not for the store' }
    this.uploads.get(query.get('of')!)!.set(number, body)
    return { status: 200, text: '', headers: { etag: `"etag-${number}"` } }
  }
}

function checkName(key: string): void {
  const parts = key.split('/')
  const normal = parts.every((part) => part !== '' && part !== '.' && part !== '..')
  if (!NAME.test(key) || !normal || key.length > 250) throw bad(`Invalid value "${key}" for parameter 'name'`)
}
