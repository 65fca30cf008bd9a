import { callgrind } from './callgrind.js'
import { perf } from './perf.js'

/** A tool that counts instructions of a process's main thread, in user mode. */
export interface Counter {
  readonly name: string
  /** Measurements that may run at the same time without changing each other. */
  readonly atOnce: number
  /** Null where the tool works here; else why it does not. */
  unusable(): Promise<string | null>
  /** Runs Node with `args`; `scratch` is an empty directory for the tool's own files. */
  count(args: readonly string[], scratch: string): Promise<Counted>
}

export interface Counted {
  readonly instructions: number
  readonly stdout: string
}

/** The quick one first: the processor's own counter, which many virtual machines do not have. */
const COUNTERS: readonly Counter[] = [perf, callgrind]

/** The first counter that works here, or a sentence that says why none does. */
export async function findCounter(): Promise<Counter | string> {
  const reasons: string[] = []
  for (const counter of COUNTERS) {
    const reason = await counter.unusable()
    if (reason === null) return counter
    reasons.push(`${counter.name}: ${reason}`)
  }
  return reasons.join('; ')
}
