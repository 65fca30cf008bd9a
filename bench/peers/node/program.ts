import type { Sustained, Work } from '../peer.js'
import type { Phase } from './open-peer.js'

/** What bench/programs/peer.ts is asked, and what it answers. */
export interface Program {
  readonly name: string
  readonly work: Work
  readonly phase: Phase
  readonly dir: string
}

export interface Lengths {
  readonly warmUpMs: number
  readonly roundsMs: number
  /** At the steady pace too, and not counted. */
  readonly settleSeconds: number
  readonly pacedSeconds: number
  readonly floodSeconds: number
}

export interface Calls {
  readonly callNs: number
  readonly latenciesMs: readonly number[]
  /** With the promises and the turns of the event loop that follow the call. */
  readonly heldMs: readonly number[]
  readonly logged: number
}

export interface Flood extends Sustained {
  /** CPU time of the calling thread, for a row. */
  readonly threadNs: number | null
  readonly logged: number
}

/** Of both. */
export interface Written {
  readonly version: string
  readonly arrived: number
  readonly bytes: number
  readonly peakMiB: number
}

export interface Missing {
  readonly missing: string
}
