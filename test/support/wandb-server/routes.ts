import type { Backend } from './backend.js'
import { type GraphqlBody, operationOf } from './graphql.js'
import type { Operation } from './script.js'
import type { FileStreamBody, StoredRun } from './stored-run.js'

/** What a request asks for. */
export interface Route {
  readonly operation: Operation
  readonly run: StoredRun | undefined
  readonly runId: string | undefined
  readonly graphql?: GraphqlBody
  readonly stream?: FileStreamBody
  /** Name of the file that is PUT. */
  readonly file?: string
}

/** The run of a file_stream request, which its address says before its body is here. */
export function streamedRun(path: string): string | undefined {
  return /^\/files\/[^/]+\/[^/]+\/([^/]+)\/file_stream$/.exec(path)?.[1]
}

/** Where the bytes of a file are to be PUT, relative to the server's address. */
export function uploadPath({ entity, project, id }: StoredRun, file: string): string {
  return `/upload/${[entity, project, id, ...file.split('/')].map(encodeURIComponent).join('/')}`
}

export function routeOf(backend: Backend, method: string | undefined, path: string, body: Buffer): Route {
  if (method === 'POST' && path === '/graphql') return graphqlRoute(backend, body)
  const [, root, entity, project, runId, ...rest] = path.split('/').map(decodeURIComponent)
  const run = backend.find(entity, project, runId)
  if (method === 'POST' && streamedRun(path) !== undefined) {
    const stream = JSON.parse(body.toString()) as FileStreamBody
    return { operation: 'file_stream', run, runId, stream }
  }
  if (method === 'PUT' && root === 'upload') return { operation: 'upload', run, runId, file: rest.join('/') }
  return { operation: 'unknown', run: undefined, runId: undefined }
}

function graphqlRoute(backend: Backend, body: Buffer): Route {
  const graphql = JSON.parse(body.toString()) as GraphqlBody
  const { entity, project, name, run: runName } = graphql.variables ?? {}
  const id = runName ?? name
  const runId = typeof id === 'string' ? id : undefined
  const run = runId === undefined ? undefined : backend.find(entity, project, runId)
  return { operation: operationOf(graphql), run, runId, graphql }
}
