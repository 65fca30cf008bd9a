import { once } from 'node:events'
import type { DestinationStream, Logger } from 'pino'
import type { Work } from '../peer.js'
import { jsonLines, logFile } from './files.js'
import { type OpenPeer, type Peer, SCALARS } from './open-peer.js'
import { KEY_OF, rowsOf } from './rows.js'
import { versionOf } from './version-of.js'

type Stream = DestinationStream & NodeJS.EventEmitter & { end(): void }
type Pino = typeof import('pino').pino

/** `open` makes where its lines go; it is ready to be written to. */
const peer = (name: string, open: (pino: Pino, file: string) => Promise<Stream>): Peer => ({
  name,
  works: SCALARS,
  version: () => versionOf('pino'),
  async open(dir, work) {
    const { pino } = await import('pino')
    const stream = await open(pino, logFile(dir))
    // Without the process id and the host name in every line: its cheapest.
    return opened(pino({ base: null }, stream), stream, work)
  },
  arrived: (dir, work) => jsonLines(logFile(dir), KEY_OF[work]),
})

function opened(logger: Logger, stream: Stream, work: Work): OpenPeer {
  const row = rowsOf(work)
  const flush = (): Promise<void> =>
    new Promise((resolve, reject) => logger.flush((error) => (error ? reject(error) : resolve())))
  return {
    log: (value, step) => logger.info(row(value, step)),
    flush,
    async close() {
      await flush()
      const closed = once(stream, 'close')
      stream.end()
      await closed
    },
  }
}

/** Each line is a write to the file, by the caller. */
export const pinoSync = peer('pino, sync', async (pino, dest) => pino.destination({ dest, sync: true }))

/** What pino's documentation advises for speed: 4 KiB at once, from the event loop. */
export const pinoAsync = peer('pino, async', async (pino, dest) => {
  const stream = pino.destination({ dest, sync: false, minLength: 4096 })
  await once(stream, 'ready')
  return stream
})

/** A worker thread writes the file. */
export const pinoTransport = peer('pino, transport', async (pino, destination) => {
  const stream = pino.transport({ target: 'pino/file', options: { destination } }) as Stream
  await once(stream, 'ready')
  return stream
})
