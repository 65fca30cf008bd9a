import { type Benchmark, SCOPES } from './benchmark.js'
import { call } from './call.js'
import { checkpoints } from './checkpoints.js'
import { eventWriter } from './event-writer.js'
import { growth } from './growth.js'
import { instructions } from './instructions.js'
import { journal } from './journal.js'
import { kill } from './kill.js'
import { lifecycle } from './lifecycle.js'
import { limits } from './limits.js'
import { media } from './media.js'
import { mlflow } from './mlflow.js'
import { paced } from './paced.js'
import { peers } from './peers.js'
import { reading } from './reading.js'
import { recovery } from './recovery.js'
import { sustained } from './sustained.js'
import { tfjs } from './tfjs.js'
import { trainingOverhead } from './training/overhead.js'
import { training } from './training.js'
import { verify } from './verify.js'
import { wandb } from './wandb.js'

/** In the order in which they run. */
export const BENCHMARKS: readonly Benchmark[] = [
  call,
  limits,
  instructions,
  peers,
  paced,
  growth,
  journal,
  eventWriter,
  sustained,
  lifecycle,
  training,
  trainingOverhead,
  tfjs,
  verify,
  reading,
  recovery,
  kill,
  media,
  checkpoints,
  wandb,
  mlflow,
]

/** The benchmarks that names of scopes and of benchmarks ask for; those that are neither are `unknown`. */
export function choose(names: readonly string[]): { chosen: readonly Benchmark[]; unknown: string[] } {
  const known = new Set<string>(['all', ...SCOPES, ...BENCHMARKS.map(({ name }) => name)])
  const asked = (names.length === 0 ? ['all'] : names) as readonly string[]
  const chosen = BENCHMARKS.filter(({ name, scopes }) =>
    ['all', name, ...scopes].some((word) => asked.includes(word)),
  )
  return { chosen, unknown: asked.filter((name) => !known.has(name)) }
}
