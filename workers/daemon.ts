/** Entry of the daemon thread: one for each run. */
import { parentPort, workerData } from 'node:worker_threads'
import { Daemon } from '../src/daemon/daemon.js'
import type { DaemonMessage, DaemonSetup } from '../src/daemon/messages.js'

const entries = {
  drain: new URL('./drain.js', import.meta.url).href,
  deliver: new URL('./deliver.js', import.meta.url).href,
  recover: new URL('./recover.js', import.meta.url).href,
  media: new URL('./media.js', import.meta.url).href,
  plot: new URL('./plot.js', import.meta.url).href,
  checkpoint: new URL('./checkpoint.js', import.meta.url).href,
}
const daemon = new Daemon(workerData as DaemonSetup, entries, (message) => parentPort!.postMessage(message))
parentPort!.on('message', (message: DaemonMessage) => daemon.receive(message))
daemon.start()
