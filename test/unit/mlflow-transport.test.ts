import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Transport } from '../../src/sinks/mlflow/api/transport.js'

/** Fails over its first upload before it has read it, and cuts that connection when more comes, as MLflow's server. */
async function cuttingServer(): Promise<string> {
  const failed = new Set<Socket>()
  const server = createServer((request, response) => {
    const { socket } = request
    if (failed.has(socket)) socket.destroy()
    else if (failed.size > 0) request.resume().once('end', () => response.end('{}'))
    else {
      failed.add(socket)
      response.writeHead(500, { 'content-length': 0 }).end()
      request.resume()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('no file goes over a connection on which the server has failed over another', async () => {
  const url = await cuttingServer()
  const transport = new Transport(url, {}, {})
  onTestFinished(() => transport.close())
  const put = async (name: string) => {
    const content = { data: Buffer.alloc(1000), bytes: 1000 }
    return (await transport.put(`${url}/${name}`, content, {}, undefined, new AbortController().signal))
      .status
  }
  expect(await put('one')).toBe(500)
  expect(await put('one')).toBe(200)
  expect(await put('two')).toBe(200)
})
