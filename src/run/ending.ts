import type { Worker } from 'node:worker_threads'
import type { DaemonSetup, FinalStatus, FinishRequest } from '../daemon/messages.js'
import type { Control } from '../ring/control.js'
import type { DaemonThread } from './daemon-thread.js'
import { after, poll } from './poll.js'
import { rescue } from './rescue.js'
import type { RunRings } from './rings.js'
import type { FinishOptions, FlushResult } from './run.js'
import type { RunStatusReport } from './status.js'
import { describeThrown } from './thrown.js'
import type { Warn } from './warnings.js'

/** How much longer than its deadline the daemon may take to say that it has given up. */
const GRACE_MS = 500

/** What is known of the end of the process, for run.json. */
export type About = Pick<FinishRequest, 'exitCode' | 'error'>

export interface EndingSetup {
  readonly control: Control
  readonly daemon: DaemonThread
  readonly rings: RunRings
  readonly setup: Omit<DaemonSetup, 'rings'>
  readonly warn: Warn
  readonly status: () => RunStatusReport
  /** Gives what waits for a device time to arrive. */
  readonly readBackFor: (timeoutMs: number) => Promise<void>
  /** Takes everything that still waits on this thread, synchronously. */
  readonly readAllNow: () => void
  /** The run is over: nothing is left to save. */
  readonly over: () => void
}

/** How a run ends, seen from the thread that owns it: in good order, or together with its process. */
export class RunEnding {
  readonly #setup: EndingSetup

  constructor(setup: EndingSetup) {
    this.#setup = setup
  }

  async finish(options: FinishOptions, about: About): Promise<FlushResult> {
    const { timeoutMs = 30_000, error } = options
    const start = performance.now()
    const deadline = start + timeoutMs
    const known = error === undefined ? about : { ...about, error: describeThrown(error) }
    const { rings, warn, status, readBackFor, readAllNow, over } = this.#setup
    await readBackFor(timeoutMs)
    readAllNow()
    rings.close()
    await this.#askDaemon(options, known, deadline)
    // Only now: a process that ends meanwhile must know that there is something to save.
    over()
    const report = status()
    if (report.inRing > 0) {
      warn('records-lost', `${report.inRing} records could not be written before the run's deadline.`)
    }
    const reached = report.inRing === 0 && Object.values(report.sinks).every(({ pending }) => pending === 0)
    return { ...report, reached, elapsedMs: performance.now() - start }
  }

  async #askDaemon(
    { status = 'completed', detach = false }: FinishOptions,
    about: About,
    deadline: number,
  ): Promise<void> {
    const { control, daemon, warn } = this.#setup
    const ask = (): Worker => {
      const timeoutMs = Math.max(0, deadline - performance.now())
      daemon.post({ type: 'finish', status, timeoutMs, detach, plots: true, ...about })
      return daemon.worker
    }
    let asked = ask()
    await poll(() => {
      // A daemon that died in between is replaced, and its successor is asked again.
      if (asked !== daemon.worker) asked = ask()
      return control.finished
    }, deadline + GRACE_MS)
    daemon.letGo()
    if (control.finished) return
    // It does not move. Once it is gone, this thread can save what is left in memory; one that hangs in a file
    // call cannot be ended, and is not waited for.
    await Promise.race([daemon.worker.terminate(), after(GRACE_MS)])
    this.#rescue(status, about)
    const dir = control.location(0)?.dir ?? ''
    const next = `The next run, or \`offstep sync ${dir}\`, delivers what is in its journal.`
    warn('not-delivered', `The run ended late. ${next}`)
  }

  /**
   * Ends the run while the process ends: synchronous, since no event loop will turn again. Asks the daemon to do
   * it; the function that this returns waits for that, and what the daemon does not get done it does itself.
   */
  finishNow(finalStatus: FinalStatus, about: About, timeoutMs: number): () => void {
    const { control, daemon, rings, status, readAllNow } = this.#setup
    const deadline = performance.now() + timeoutMs
    readAllNow()
    rings.close()
    daemon.post({ type: 'finish', status: finalStatus, timeoutMs: timeoutMs * 0.8, ...about })
    control.wake()
    return () => {
      const done = waitWhileMoving(control, deadline, timeoutMs)
      daemon.letGo()
      if (!done || status().inRing > 0) this.#rescue(finalStatus, about)
    }
  }

  #rescue(status: FinalStatus, about: About): void {
    const { setup, rings } = this.#setup
    rescue({ ...setup, rings: rings.list }, status, about)
  }
}

/** Waits for the daemon's end as long as it, or the drain, shows a pulse. */
function waitWhileMoving(control: Control, deadline: number, timeoutMs: number): boolean {
  const patienceMs = Math.min(500, timeoutMs / 4)
  let pulse = ''
  let movedAt = performance.now()
  for (;;) {
    const now = performance.now()
    if (control.waitFinished(Math.max(1, Math.min(20, deadline - now)))) return true
    if (control.pulse !== pulse) {
      pulse = control.pulse
      movedAt = now
    }
    // A daemon that has not started yet has no pulse: a process that ends at once must wait for it.
    const starting = pulse === '0:0'
    if (now >= deadline || (!starting && now - movedAt > patienceMs)) return false
  }
}
