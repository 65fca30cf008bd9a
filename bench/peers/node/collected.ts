import { Histogram } from '../../histogram.js'
import { median } from '../../statistics.js'
import { type PeerMeasured, type PeerResult, WORKS, type Work } from '../peer.js'
import type { Peer, Phase } from './open-peer.js'
import type { Calls, Flood, Missing, Written } from './program.js'

interface Repeats {
  readonly calls: (Calls & Written)[]
  readonly flood: (Flood & Written)[]
}

/** What the processes of all repeats have answered, and what comes of it. */
export class Collected {
  readonly #repeats = new Map<string, Repeats>()
  readonly #missing = new Map<Peer, string>()

  add(peer: Peer, work: Work, phase: Phase, answer: ((Calls | Flood) & Written) | Missing): void {
    if ('missing' in answer) {
      this.#missing.set(peer, answer.missing)
      return
    }
    const { calls, flood } = this.#of(peer, work)
    if (phase === 'calls') calls.push(answer as Calls & Written)
    else flood.push(answer as Flood & Written)
  }

  isMissing(peer: Peer): boolean {
    return this.#missing.has(peer)
  }

  results(peers: readonly Peer[], none: Peer): PeerResult[] {
    return peers.flatMap((peer): PeerResult[] => {
      const missing = this.#missing.get(peer)
      if (missing !== undefined) return [{ name: peer.name, missing }]
      const done = WORKS.filter((work) => this.#of(peer, work).flood.length > 0)
      return done.map((work) => this.measured(peer, work, none))
    })
  }

  /** Medians of the repeats; latencies are those of all of them. */
  measured(peer: Peer, work: Work, none: Peer): PeerMeasured {
    const { calls, flood } = this.#of(peer, work)
    const bare = this.#of(none, work)
    const written: readonly (Written & { logged: number })[] = [...calls, ...flood]
    const sum = (of: 'logged' | 'arrived' | 'bytes'): number => written.reduce((all, one) => all + one[of], 0)
    const above = (those: readonly Written[], without: readonly Written[]): number =>
      median(those.map(({ peakMiB }) => peakMiB)) - median(without.map(({ peakMiB }) => peakMiB))
    const cpu = flood.map(({ threadNs }) => threadNs).filter((ns) => ns !== null)
    return {
      name: peer.name,
      version: written[0]!.version,
      work,
      callNs: median(calls.map(({ callNs }) => callNs)),
      latencies: Histogram.of(calls.flatMap(({ latenciesMs }) => latenciesMs)).summary(),
      held: Histogram.of(calls.flatMap(({ heldMs }) => heldMs)).summary(),
      sustained: middle(flood),
      rssMiB: above(flood, bare.flood),
      pacedRssMiB: above(calls, bare.calls),
      ...(cpu.length > 0 ? { threadNs: median(cpu) } : {}),
      bytesPerRow: sum('arrived') === 0 ? 0 : sum('bytes') / sum('arrived'),
      logged: sum('logged'),
      arrived: sum('arrived'),
    }
  }

  #of(peer: Peer, work: Work): Repeats {
    const key = `${peer.name} ${work}`
    const found = this.#repeats.get(key) ?? { calls: [], flood: [] }
    this.#repeats.set(key, found)
    return found
  }
}

/** Of the repeat whose speed is the median. Rows that did not arrive were not sustained. */
function middle(repeats: readonly (Flood & Written)[]): PeerMeasured['sustained'] {
  const counted = repeats.map(({ rows, logged, arrived, callerSeconds, writtenSeconds }) => ({
    rows: Math.max(0, rows - (logged - arrived)),
    callerSeconds,
    writtenSeconds,
  }))
  counted.sort((a, b) => a.rows / a.writtenSeconds - b.rows / b.writtenSeconds)
  return counted[Math.ceil(counted.length / 2) - 1]!
}
