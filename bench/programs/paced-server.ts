/** A W&B server that is of no use (see ../paced/server.ts), in a process of its own. Tells its port. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Manner } from '../paced/server.js'
import { parameters } from './support.js'

const RETRY_AFTER_S = 1
const { manner } = parameters<{ manner: Manner }>()

const server = http.createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    if (manner === 'silent') return
    if (request.url?.endsWith('/graphql')) answer(response, 200, { data: known(Buffer.concat(parts)) })
    else answer(response, 429, { error: 'rate limit exceeded' })
  })
})

function answer(response: http.ServerResponse, status: number, value: object): void {
  const limited = status === 429 ? { 'retry-after': String(RETRY_AFTER_S) } : {}
  response.writeHead(status, { 'content-type': 'application/json', ...limited }).end(JSON.stringify(value))
}

/** The run can be created, so that rows are what fails. */
function known(body: Buffer): object {
  const { variables } = JSON.parse(body.toString()) as { variables: { name?: string; project?: string } }
  const project = { id: 'p', name: variables.project, entity: { id: 'e', name: 'bench' } }
  const names = { name: variables.name, displayName: variables.name }
  const bucket = { id: 'b', ...names, config: '{}', project, historyLineCount: 0 }
  return {
    viewer: { id: 'u', entity: 'bench', username: 'bench' },
    model: null,
    upsertBucket: { bucket, inserted: true },
  }
}

process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
