/**
 * A W&B server for benchmarks: takes every key and run, and counts the history lines that have arrived. It is a
 * process of its own, steered by the one that started it (see ../wandb-server.ts).
 */
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ServerCounts, ServerOrder } from '../wandb-server.js'

const ENTITY = 'bench'
/** Of line numbers that are there: one byte each. */
let lines = new Uint8Array(2 ** 16)
const counts: ServerCounts = { rows: 0, bytes: 0, firstAt: 0, lastAt: 0, complete: false }
let faults: number[] = []
let hangs = false
let port = 0
const sockets = new Set<Socket>()

const server = http.createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => answer(request.url ?? '', Buffer.concat(parts), response))
})
// A client that is killed, or cut off.
server.on('connection', (socket) => {
  sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
})

function answer(path: string, body: Buffer, response: http.ServerResponse): void {
  const send = (status: number, value: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  if (path.endsWith('/graphql')) {
    send(200, graphql(JSON.parse(body.toString())))
    return
  }
  if (hangs) return
  const fault = faults.shift()
  if (fault === undefined) keep(body)
  send(fault ?? 200, fault === undefined ? { exitcode: null, limits: {} } : { errors: [] })
}

function graphql({
  query,
  variables,
}: {
  query: string
  variables: { name: string; project: string }
}): object {
  if (query.includes('viewer')) return { data: { viewer: { id: 'u', entity: ENTITY, username: ENTITY } } }
  if (!query.includes('upsertBucket')) return { data: { model: null } }
  process.send?.('upserted')
  const project = { id: 'p', name: variables.project, entity: { id: 'e', name: ENTITY } }
  const bucket = { id: 'b', name: variables.name, displayName: variables.name, config: '{}', project }
  return { data: { upsertBucket: { bucket: { ...bucket, historyLineCount: 0 }, inserted: true } } }
}

function keep(body: Buffer): void {
  const { files = {}, complete } = JSON.parse(body.toString()) as {
    files?: { [name: string]: { offset: number; content: string[] } }
    complete?: boolean
  }
  if (complete === true) counts.complete = true
  const history = files['wandb-history.jsonl']
  if (history === undefined) return
  counts.bytes += body.length
  counts.lastAt = Date.now()
  counts.firstAt ||= counts.lastAt
  const end = history.offset + history.content.length
  if (end > lines.length) {
    const larger = new Uint8Array(2 ** Math.ceil(Math.log2(end)))
    larger.set(lines)
    lines = larger
  }
  for (let line = history.offset; line < end; line++) {
    if (lines[line] === 0) counts.rows++
    lines[line] = 1
  }
}

async function listen(): Promise<void> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
}

async function refuse(): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  for (const socket of sockets) socket.destroy()
  await closed
}

process.on('message', async (order: ServerOrder) => {
  if (order.type === 'listen') await listen()
  else if (order.type === 'refuse') await refuse()
  else if (order.type === 'fail') {
    faults = [...order.statuses]
    hangs = order.hangs
  }
  process.send?.({ port, counts })
})
process.on('disconnect', () => process.exit())
