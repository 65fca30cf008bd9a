import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { S3Client } from '@aws-sdk/client-s3'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from '../../support/directory.js'
import { KEYS } from '../../support/s3-rows.js'

/** Versity's S3 gateway over a directory: made by scripts/interop.mjs. */
const PROGRAM = process.env.OFFSTEP_VERSITYGW ?? resolve(import.meta.dirname, '../.venv/bin/versitygw')

export const BUCKET = 'bucket'
const READY = /listening on/i

export interface S3Server {
  readonly url: string
  readonly client: S3Client
  /** SHA-256 and size of every object, by key. */
  objects(): Map<string, { readonly sha256: string; readonly bytes: number }>
  /** The content of an object. */
  read(key: string): Buffer
}

/** A real S3-compatible server on loopback, with an empty bucket; ended, by its pid, with the test. */
export async function startS3Server(): Promise<S3Server> {
  if (!existsSync(PROGRAM)) throw new Error(`there is no ${PROGRAM}: run \`npm run test:interop\``)
  const home = temporaryDirectory()
  const root = join(home, 'objects')
  const sidecar = join(home, 'attributes')
  for (const directory of [join(root, BUCKET), sidecar]) mkdirSync(directory, { recursive: true })
  const port = await freePort()
  const env = { ROOT_ACCESS_KEY: KEYS.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: KEYS.AWS_SECRET_ACCESS_KEY }
  const args = ['--port', `127.0.0.1:${port}`, 'posix', '--sidecar', sidecar, root]
  const child = spawn(PROGRAM, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await new Promise<void>((ready, failed) => {
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-10_000)
        if (READY.test(said)) ready()
      })
    }
    child.on('exit', () => failed(new Error(`versitygw ended: ${said}`)))
  })
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    client: clientOf(url),
    objects: () => objectsIn(join(root, BUCKET)),
    read: (key) => readFileSync(join(root, BUCKET, key)),
  }
}

function clientOf(endpoint: string): S3Client {
  const credentials = { accessKeyId: KEYS.AWS_ACCESS_KEY_ID, secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY }
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  onTestFinished(() => client.destroy())
  return client
}

/** The server takes no port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Its own files, which are none of the bucket's, are in directories whose names begin with a dot. */
function objectsIn(root: string): Map<string, { readonly sha256: string; readonly bytes: number }> {
  const found = new Map<string, { sha256: string; bytes: number }>()
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(root, name)
    if (name.split('/').some((part) => part.startsWith('.')) || !statSync(path).isFile()) continue
    const content = readFileSync(path)
    found.set(name, { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length })
  }
  return found
}
