import { type Settings, secondsOf } from '../benchmark.js'
import { withDirectory } from '../directory.js'
import { startProgram } from '../wandb-program.js'
import { BenchServer } from '../wandb-server.js'
import { Collected } from './node/collected.js'
import type { Peer, Phase } from './node/open-peer.js'
import type { Calls, Flood, Lengths, Missing, Program, Written } from './node/program.js'
import { NONE, PEERS } from './node/registry.js'
import { isMeasured, OURS, type PeerMeasured, type PeerResult, WORK_NAMES, WORKS, type Work } from './peer.js'

export interface NodePeers {
  readonly results: readonly PeerResult[]
  /** The same programs with no logger. */
  readonly bare: readonly PeerMeasured[]
}

const REPEATS = 3

/** Each peer, work and phase is a process of its own; all are done once, in another order, before any is done again. */
export async function nodePeers(settings: Settings): Promise<NodePeers> {
  const collected = new Collected()
  for (let repeat = 0; repeat < (settings.quick ? 1 : REPEATS); repeat++) {
    for (const work of settings.quick ? (['ten'] as const) : WORKS) {
      for (const peer of shuffled([NONE, ...PEERS])) {
        if (!peer.works.includes(work) || collected.isMissing(peer)) continue
        for (const phase of phasesOf(work, repeat)) {
          collected.add(peer, work, phase, await measure(peer, work, phase, lengthsOf(settings, work)))
        }
      }
    }
  }
  return { results: collected.results(PEERS, NONE), bare: collected.results([NONE], NONE).filter(isMeasured) }
}

/** Of a flood of other rows than those of ten scalars only what arrives is told: once is enough. */
const phasesOf = (work: Work, repeat: number): readonly Phase[] =>
  work === 'ten' || repeat === 0 ? ['calls', 'flood'] : ['calls']

/** Ten scalars are what is compared most closely. */
function lengthsOf(settings: Settings, work: Work): Lengths {
  const short = settings.quick
  const seconds = secondsOf(settings, work === 'one' || work === 'hundred' ? 2 : 4, 0.3)
  return {
    warmUpMs: short ? 30 : 100,
    roundsMs: short ? 60 : 250,
    settleSeconds: short ? 0.3 : 1,
    pacedSeconds: seconds,
    // What it writes is bounded by the disk, so a longer measurement makes it no longer.
    floodSeconds: Math.min(work === 'ten' ? 1 : 0.25, seconds / 4),
  }
}

type Answer = ((Calls | Flood) & Written) | Missing

/** Throws where ours fails; what fails of others is missing. */
async function measure(peer: Peer, work: Work, phase: Phase, lengths: Lengths): Promise<Answer> {
  const answer = await withDirectory((dir) => {
    const program: Program & Lengths = { name: peer.name, work, phase, dir, ...lengths }
    return peer.server === true ? withServer(program) : startProgram<Answer>('peer', program, {}).result
  })
  if (answer !== null) return answer
  const missing = `its program failed at ${WORK_NAMES[work]}, ${phase}`
  if (peer.name.startsWith(OURS)) throw new Error(`${peer.name}: ${missing}`)
  return { missing }
}

const withServer = (program: Program & Lengths): Promise<Answer | null> =>
  BenchServer.use(async (server) => {
    // @wandb/sdk prints the stack of each request that fails.
    const answer = await startProgram<Answer>('peer', program, server.env, 'ignore').result
    if (answer === null || 'missing' in answer) return answer
    const { rows, bytes } = await server.counts()
    return { ...answer, arrived: rows, bytes }
  })

function shuffled<T>(values: readonly T[]): T[] {
  const keyed = values.map((value) => ({ value, key: Math.random() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ value }) => value)
}
