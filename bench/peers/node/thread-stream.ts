import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { jsonLines, logFile } from './files.js'
import { type Peer, SCALARS } from './open-peer.js'
import { KEY_OF, rowsOf } from './rows.js'
import { versionOf } from './version-of.js'

interface ThreadStream extends NodeJS.EventEmitter {
  readonly writableNeedDrain: boolean
  write(line: string): boolean
  flush(done: (error?: Error) => void): void
  end(): void
}
type Constructor = new (options: { filename: string; workerData: object }) => ThreadStream

/** As pino has it: no dependency of ours. */
const PINO = createRequire(import.meta.url).resolve('pino')

export const threadStream: Peer = {
  name: 'JSON + thread-stream',
  works: SCALARS,
  version: () => versionOf('thread-stream', PINO),
  async open(dir, work) {
    const Stream = createRequire(PINO)('thread-stream') as Constructor
    const filename = fileURLToPath(new URL('./thread-stream-worker.js', import.meta.url))
    const stream = new Stream({ filename, workerData: { file: logFile(dir) } })
    await once(stream, 'ready')
    const row = rowsOf(work)
    return {
      log: (value, step) => stream.write(`${JSON.stringify(row(value, step))}\n`),
      full: () => (stream.writableNeedDrain ? once(stream, 'drain') : null),
      flush: () =>
        new Promise((resolve, reject) => stream.flush((error) => (error ? reject(error) : resolve()))),
      async close() {
        const closed = once(stream, 'close')
        stream.end()
        await closed
      },
    }
  },
  arrived: (dir, work) => jsonLines(logFile(dir), KEY_OF[work]),
}
