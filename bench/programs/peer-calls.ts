import { type OpenPeer, turn } from '../peers/node/open-peer.js'
import type { Calls, Lengths } from '../peers/node/program.js'
import { PACE, type Work } from '../peers/peer.js'
import { median } from '../statistics.js'

/** Calls of one round: few enough for every queue between the caller and its file. */
const ROUND: { readonly [work in Work]: number } = { one: 5000, ten: 5000, hundred: 1000, histogram: 100 }
const TURN_EVERY_MS = 10

const ROUNDS_IN_HALF_A_MILLISECOND = 370_000

let busy = 1

/** Cost in a tight loop, then the latency of each call at a steady pace. */
export async function measureCalls(peer: OpenPeer, work: Work, lengths: Lengths): Promise<Calls> {
  let step = 0
  const round = async (): Promise<number> => {
    const start = performance.now()
    for (let i = 0; i < ROUND[work]; i++) peer.log(i * 0.1, step++)
    const ms = performance.now() - start
    await peer.flush()
    await turn()
    return (ms * 1e6) / ROUND[work]
  }
  const warm = performance.now() + lengths.warmUpMs
  do await round()
  while (performance.now() < warm)
  const rounds: number[] = []
  const end = performance.now() + lengths.roundsMs
  do rounds.push(await round())
  while (performance.now() < end)
  await peer.settle?.()
  const settled = await pace(peer, PACE[work], lengths.settleSeconds, step)
  step += settled.latenciesMs.length
  const paced = await pace(peer, PACE[work], lengths.pacedSeconds, step)
  await peer.close()
  if (busy === 0) throw new Error('Nothing was done between two calls')
  return { callNs: median(rounds), ...paced, logged: step + paced.latenciesMs.length }
}

/**
 * The loop is busy between its calls, as a training step is. After each call it lets promises run, and every ten
 * milliseconds it goes back to the event loop once: those that put their work off to either would starve otherwise. All
 * peers get the same turns. They are not in the latency of the call; what a step is held up is the call and its turns.
 */
async function pace(
  peer: OpenPeer,
  rate: number,
  seconds: number,
  firstStep: number,
): Promise<Pick<Calls, 'latenciesMs' | 'heldMs'>> {
  const latencies = new Float64Array(Math.round(rate * seconds))
  const held = new Float64Array(latencies.length)
  const start = performance.now()
  let turned = start
  for (let i = 0; i < latencies.length; i++) {
    const due = start + (i * 1000) / rate
    for (let left = due - performance.now(); left > 0; left = due - performance.now()) spin(left)
    const begin = performance.now()
    peer.log(i * 0.1, firstStep + i)
    const end = performance.now()
    await null
    if (end - turned > TURN_EVERY_MS) {
      await turn()
      turned = performance.now()
    }
    latencies[i] = end - begin
    held[i] = performance.now() - begin
  }
  return { latenciesMs: [...latencies], heldMs: [...held] }
}

/**
 * Up to half of what is left, and no less than about a microsecond: each look at the clock leaves a number on the heap,
 * and collecting those of this loop would be taken for what a peer costs.
 */
function spin(leftMs: number): void {
  let value = busy
  const rounds = Math.max(1000, Math.min(leftMs, 1) * ROUNDS_IN_HALF_A_MILLISECOND)
  for (let i = 0; i < rounds; i++) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0
  busy = value
}
