/** The thread that `deliverAndKill()` ends. It delivers until then. */
import { workerData } from 'node:worker_threads'
import type { KilledDelivery } from './kill.js'
import { openSession } from './session.js'

const { runDir, sink, maxRows, begun } = workerData as KilledDelivery
const counter = new Int32Array(begun)
const before = (): void => void Atomics.add(counter, 0, 1)

for (let done = false; !done; ) {
  const { session, feed } = await openSession(runDir, sink, { maxRows, before })
  try {
    while (!done) done = await session.deliver(Number.POSITIVE_INFINITY)
  } catch {
    // What it is, the last delivery tells, which nobody ends. Here it goes on as the engine does.
    await session.abandon()
    feed.close()
    if (Atomics.load(counter, 0) > 1000) throw new Error('the sink fails again and again')
  }
}
