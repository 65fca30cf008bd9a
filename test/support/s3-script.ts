import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** What one request is answered with, where a real server cannot be made to. */
export interface ScriptedAnswer {
  readonly status: number
  /** S3's name of the error. */
  readonly code?: string
  readonly message?: string
  /** Default: those of S3, which names what it has taken. */
  readonly headers?: http.OutgoingHttpHeaders
}

export interface SeenRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

export interface ScriptedS3 {
  readonly url: string
  readonly seen: readonly SeenRequest[]
}

/** A server on loopback that answers every request as `script` says; ended with the test. Null: no answer at all. */
export async function scriptedS3(
  script: (request: SeenRequest) => ScriptedAnswer | null | Promise<ScriptedAnswer>,
): Promise<ScriptedS3> {
  const seen: SeenRequest[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks) }
      seen.push(one)
      const answer = await script(one)
      if (answer !== null) {
        const { status, headers = status === 200 ? { etag: '"etag"' } : {} } = answer
        response.writeHead(status, headers).end(bodyOf(answer))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

function bodyOf({ code, message = 'as the script says' }: ScriptedAnswer): string {
  if (code === undefined) return ''
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
}
