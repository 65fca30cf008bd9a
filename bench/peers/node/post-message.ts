import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { jsonLines, logFile } from './files.js'
import { type Peer, SCALARS } from './open-peer.js'
import { KEY_OF, rowsOf } from './rows.js'
import { nodeVersion } from './version-of.js'

export const postMessage: Peer = {
  name: 'postMessage to a worker',
  works: SCALARS,
  version: nodeVersion,
  async open(dir, work) {
    const worker = new Worker(new URL('./post-message-worker.js', import.meta.url), {
      workerData: { file: logFile(dir) },
    })
    await once(worker, 'online')
    const row = rowsOf(work)
    /** It takes its messages in order: its answer to the last one says that all were taken. */
    const answer = async (order: 'flush' | 'close'): Promise<void> => {
      const answered = once(worker, 'message')
      worker.postMessage(order)
      await answered
    }
    return {
      log: (value, step) => worker.postMessage(row(value, step)),
      flush: () => answer('flush'),
      close: () => answer('close'),
    }
  },
  arrived: (dir, work) => jsonLines(logFile(dir), KEY_OF[work]),
}
