import fs from 'node:fs'
import path from 'node:path'
import { type Settings, secondsOf } from '../../benchmark.js'
import type { Latencies } from '../../chart.js'
import { withDirectory } from '../../directory.js'
import { PACE, type Sustained, type Work } from '../peer.js'
import type { Environment } from './environment.js'
import { runPython } from './program.js'
import type { Tracker } from './trackers.js'
import { WandbBackend } from './wandb-backend.js'

export type Phase = 'calls' | 'flood'

interface Written {
  readonly version: string
  readonly logged: number
  readonly bytes: number
  readonly arrived: number
  readonly peakMiB: number
}

export interface Calls extends Written {
  readonly callNs: number
  readonly latencies: Latencies
  /** Steps a second that were reached. */
  readonly pace: number
}

export interface Flood extends Written, Sustained {
  readonly threadNs: number
}

/** A server that lives longer than one program, and the directory in which it keeps what it is given. */
export interface Store {
  readonly url: string
  readonly directory: string
}

const SCALARS_OF: { readonly [work in Work]: number } = { one: 1, ten: 10, hundred: 100, histogram: 1 }

/** One tracker, one work, one phase, in a process of its own; then a reader in another one. */
export function measure<P extends Phase>(
  { python }: Environment,
  tracker: Tracker,
  work: Work,
  phase: P,
  settings: Settings,
  store: Store | null,
): Promise<P extends 'calls' ? Calls : Flood> {
  return withDirectory(async (root) => {
    const home = fs.mkdirSync(path.join(root, 'home'), { recursive: true })!
    const dir = fs.mkdirSync(path.join(root, 'run'), { recursive: true })!
    const { module, mode, mostScalars = Number.MAX_SAFE_INTEGER } = tracker
    const order = {
      tracker: module,
      mode,
      work,
      phase,
      dir,
      storage: store?.directory ?? dir,
      ...lengthsOf(settings, work),
      mostCalls: Math.floor(mostScalars / SCALARS_OF[work]),
    }
    type Answer = Omit<P extends 'calls' ? Calls : Flood, 'arrived' | 'peakMiB'>
    if (tracker.server === 'wandb')
      return WandbBackend.use(async (server) => {
        const ended = await runPython<Answer>(python, 'measure', order, { home, env: server.env })
        const { bytes, arrived } = server
        return { ...ended.answer, bytes, arrived, peakMiB: ended.peakMiB } as never
      })
    const env: { [name: string]: string } = store === null ? {} : { MLFLOW_TRACKING_URI: store.url }
    const ended = await runPython<Answer>(python, 'measure', order, { home, env })
    const read = await runPython<{ arrived: number }>(python, 'arrived', order, { home, env })
    return { ...ended.answer, ...read.answer, peakMiB: ended.peakMiB } as never
  })
}

/** As for the peers of Node. */
function lengthsOf(settings: Settings, work: Work) {
  const seconds = secondsOf(settings, work === 'ten' ? 4 : 2, 0.3)
  return {
    roundsMs: settings.quick ? 60 : 250,
    rate: PACE[work],
    settleSeconds: settings.quick ? 0.3 : 1,
    pacedSeconds: seconds,
    floodSeconds: Math.min(work === 'ten' ? 1 : 0.25, seconds / 4),
  }
}
