import { type OpenPeer, turn } from '../peers/node/open-peer.js'
import type { Flood, Lengths } from '../peers/node/program.js'
import type { Work } from '../peers/peer.js'
import { threadTimes } from '../threads.js'

/** Calls between two looks at the clock. */
const BATCH: { readonly [work in Work]: number } = { one: 64, ten: 64, hundred: 16, histogram: 4 }
const WARM_BATCHES = 50
const TURN_EVERY_MS = 10

/** As many rows as fit, with the back-pressure that the peer has; then until the last one is written. */
export async function flood(peer: OpenPeer, work: Work, { floodSeconds }: Lengths): Promise<Flood> {
  let step = 0
  const batch = (): void => {
    for (let i = 0; i < BATCH[work]; i++) peer.log(i * 0.1, step++)
  }
  for (let i = 0; i < WARM_BATCHES; i++) batch()
  await peer.flush()

  const warm = step
  const cpuBefore = mainThreadMs()
  const start = performance.now()
  let turned = start
  for (let now = start; now - start < floodSeconds * 1000; now = performance.now()) {
    batch()
    const room = peer.full?.() ?? null
    if (room !== null) await room
    // Not in the way of those that need none: it is a hundred times a second.
    else if (now - turned > TURN_EVERY_MS) await turn().then(() => (turned = performance.now()))
  }
  const callerSeconds = (performance.now() - start) / 1000
  await peer.close()
  const writtenSeconds = (performance.now() - start) / 1000
  const cpuMs = cpuBefore === null ? null : mainThreadMs()! - cpuBefore
  const rows = step - warm
  return {
    rows,
    callerSeconds,
    writtenSeconds,
    threadNs: cpuMs === null ? null : (cpuMs * 1e6) / rows,
    logged: step,
  }
}

/** Null on other systems than Linux. */
const mainThreadMs = (): number | null => threadTimes().find(({ id }) => id === process.pid)?.cpuMs ?? null
