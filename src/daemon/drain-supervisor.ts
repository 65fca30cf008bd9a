import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { type Control, DRAIN_ORDER } from '../ring/control.js'
import { sleep } from './clock.js'
import { type DrainReport, type DrainTask, RECOVERED } from './drain-messages.js'
import type { ThreadPool } from './pools.js'

export interface DrainSetup
  extends Pick<DrainTask, 'runDir' | 'runId' | 'segmentBytes' | 'syncIntervalMs' | 'minFreeBytes'> {
  readonly pool: ThreadPool
  readonly control: Control
  readonly report: (report: DrainReport) => void
}

/** What a drain gets to empty the rings even where the run has no time left: they are memory, and lost after. */
const MIN_STOP_MS = 250

/** A drain that ended sooner may do so each time: each such death in a row makes the next one begin later. */
const SHORT_LIFE_MS = 500

/** Keeps a drain running, and gives each new one all rings: a drain that dies loses nothing but time. */
export class DrainSupervisor {
  readonly #setup: DrainSetup
  readonly #rings: SharedArrayBuffer[]
  #mailbox: MessagePort | null = null
  /** The journal could not be written when the drain last told. */
  #failing = false
  readonly #done: Promise<void>

  constructor(setup: DrainSetup, rings: readonly SharedArrayBuffer[]) {
    this.#setup = setup
    this.#rings = [...rings]
    this.#done = this.#supervise()
  }

  addRing(ring: SharedArrayBuffer): void {
    this.#rings.push(ring)
    this.#mailbox?.postMessage(ring)
    this.#setup.control.mailSent()
  }

  /** Resolves when the rings are empty and on the disk, or at the deadline (but see MIN_STOP_MS). */
  async stop(deadline: number): Promise<void> {
    const { control } = this.#setup
    control.orderDrain(DRAIN_ORDER.STOP)
    const timeoutMs = Math.max(deadline - performance.now(), MIN_STOP_MS)
    const inTime = await Promise.race([this.#done.then(() => true), sleep(timeoutMs)])
    if (inTime) return
    control.orderDrain(DRAIN_ORDER.ABANDON)
    await Promise.race([this.#done, sleep(100)])
  }

  async #supervise(): Promise<void> {
    for (let early = 0; ; ) {
      const begun = performance.now()
      try {
        return await this.#runOnce()
      } catch (error) {
        this.#setup.report({
          kind: 'error',
          code: 'THREAD',
          message: `The drain ended and is started again: ${error}`,
        })
        if (this.#setup.control.drainOrder === DRAIN_ORDER.ABANDON) return
        early = performance.now() - begun < SHORT_LIFE_MS ? early + 1 : 0
        // The first death is answered at once, and so is that of one that has worked: the rings are filling.
        if (early > 1) await sleep(Math.min(20 * (early - 1), 1000))
      }
    }
  }

  async #runOnce(): Promise<void> {
    const { pool, control, report, runDir, runId, segmentBytes, syncIntervalMs, minFreeBytes } = this.#setup
    const { port1, port2 } = new MessageChannel()
    port1.on('message', (message: DrainReport) => {
      this.#failing = message.kind === 'error'
      report(message)
    })
    port1.unref()
    this.#mailbox = port1
    const task: DrainTask = {
      control: control.buffer,
      rings: [...this.#rings],
      mailbox: port2,
      runDir,
      runId,
      segmentBytes,
      syncIntervalMs,
      minFreeBytes,
      failing: this.#failing,
    }
    try {
      await pool.run(task, { transferList: [port2] })
      // What it told last may not have come through before its port is closed.
      if (this.#failing && control.drainOrder === DRAIN_ORDER.STOP) report(RECOVERED)
    } finally {
      this.#mailbox = null
      port1.close()
    }
  }
}
