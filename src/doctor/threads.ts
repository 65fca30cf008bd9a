import { Worker } from 'node:worker_threads'
import { type Check, errorText, failed, ok } from './check.js'

const NAME = 'threads'
const ASKED = 0
const ANSWERED = 1

/** What the ring and the drain do: a thread waits in shared memory for a byte, and puts another there. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const shared = new Int32Array(workerData)
Atomics.wait(shared, ${ASKED}, 0, 2000)
Atomics.store(shared, ${ANSWERED}, Atomics.load(shared, ${ASKED}) + 1)
parentPort.postMessage(null)
`

/** SharedArrayBuffer, Atomics.wait and a worker thread, by one exchange between two threads. */
export async function checkThreads(timeoutMs: number): Promise<Check> {
  if (typeof SharedArrayBuffer === 'undefined') {
    return failed(NAME, 'no SharedArrayBuffer', 'start node without --no-harmony-sharedarraybuffer')
  }
  const startedAt = performance.now()
  const shared = new Int32Array(new SharedArrayBuffer(8))
  try {
    const worker = new Worker(PROGRAM, { eval: true, workerData: shared.buffer, execArgv: [], stdout: true })
    try {
      Atomics.store(shared, ASKED, 41)
      Atomics.notify(shared, ASKED)
      await answer(worker, timeoutMs)
    } finally {
      await worker.terminate()
    }
    if (Atomics.load(shared, ANSWERED) !== 42) throw new Error('shared memory did not carry a value')
    const ms = (performance.now() - startedAt).toFixed(0)
    return ok(NAME, `SharedArrayBuffer, Atomics.wait and worker threads work (${ms} ms)`)
  } catch (error) {
    const fix =
      'run node where threads may be made: check ulimit -u, and the memory and pids limits of the container'
    return failed(NAME, `a worker thread does not work: ${errorText(error)}`, fix)
  }
}

function answer(worker: Worker, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs)
    const settle = (end: () => void) => () => {
      clearTimeout(timer)
      end()
    }
    worker.once('message', settle(resolve))
    worker.once(
      'exit',
      settle(() => reject(new Error('it ended at once'))),
    )
    worker.once('error', (error) => settle(() => reject(error))())
  })
}
