import os from 'node:os'
import { isMainThread } from 'node:worker_threads'

/**
 * A quarter of a core at most beside a thread of normal priority that wants all of it (measured: a training step
 * on one core takes 1.4 times as long while a backlog is delivered, and 2.1 times without this). 10 would be a
 * tenth, but then a busy machine holds up the end of a run, and no thread may raise its priority again.
 */
const NICE = 5
/** A tenth: for what nobody waits for, and takes both of two cores for a moment. */
export const NICER = 10
let lowered = false

/**
 * Lets training go first where the cores do not suffice for both: the journal has what waits. Linux only, where
 * a priority is a thread's own (sched(7)); elsewhere it is the whole process's. Never throws.
 */
export function yieldToTraining(nice = NICE): void {
  if (lowered || isMainThread || process.platform !== 'linux') return
  lowered = true
  try {
    os.setPriority(0, nice)
  } catch {
    // A container may forbid it: then the threads share the cores evenly.
  }
}
