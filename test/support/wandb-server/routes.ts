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
  /** Name of the file that is PUT, and what makes its address one that was given out. */
  readonly file?: string
  readonly ticket?: string
}

/** The run of a file_stream request, which its address says before its body is here. */
export function streamedRun(path: string): string | undefined {
  return /^\/files\/[^/]+\/[^/]+\/([^/]+)\/file_stream$/.exec(path)?.[1]
}

/** Where the bytes of a file are to be PUT, relative to the server's address: another address each time. */
export function uploadPath({ entity, project, id, uploads }: StoredRun, file: string): string {
  const ticket = uploads.ticket(file)
  return `/upload/${[entity, project, id, ticket, ...file.split('/')].map(encodeURIComponent).join('/')}`
}

export function routeOf(backend: Backend, method: string | undefined, path: string, body: Buffer): Route {
  if (method === 'POST' && path === '/graphql') return graphqlRoute(backend, body)
  const [, root, entity, project, runId, ...rest] = path.split('/').map(decodeURIComponent)
  const run = backend.find(entity, project, runId)
  if (method === 'POST' && streamedRun(path) !== undefined) {
    const stream = JSON.parse(body.toString()) as FileStreamBody
    return { operation: 'file_stream', run, runId, stream }
  }
  if (method === 'PUT' && root === 'upload') {
    const [ticket = '', ...file] = rest
    return { operation: 'upload', run, runId, ticket, file: file.join('/') }
  }
  if (method === 'PUT' && root === 'artifact-upload') {
    return { operation: 'artifact_upload', run: undefined, runId: undefined, ticket: entity! }
  }
  return { operation: 'unknown', run: undefined, runId: undefined }
}

function graphqlRoute(backend: Backend, body: Buffer): Route {
  const graphql = JSON.parse(body.toString()) as GraphqlBody
  const { entity, entityName, project, projectName, name, run: ofFiles, runName } = graphql.variables ?? {}
  const id = runName ?? ofFiles ?? name
  const runId = typeof id === 'string' ? id : undefined
  const run =
    runId === undefined ? undefined : backend.find(entity ?? entityName, project ?? projectName, runId)
  return { operation: operationOf(graphql), run, runId, graphql }
}
