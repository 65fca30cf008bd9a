import type { WrittenPlots } from '../plots/index.js'
import { sleep } from './clock.js'
import { ThreadPool } from './pools.js'

export interface PlotterSetup {
  readonly runDir: string
  /** The pool thread's entry. */
  readonly entry: string
  /** Draw them each so often while the run lives; 0: not. */
  readonly everyMs: number
  readonly warn: (kind: string, message: string) => void
}

/** Drawing makes many short-lived objects. */
const YOUNG_MB = 16

/** Draws the run's plots on a thread of its own, which exists only meanwhile. What fails there is a warning. */
export class Plotter {
  readonly #setup: PlotterSetup
  #timer: NodeJS.Timeout | undefined
  #pool: ThreadPool | null = null
  #drawing: Promise<void> | null = null
  #ended = false
  #givenUp = false

  constructor(setup: PlotterSetup) {
    this.#setup = setup
  }

  start(): void {
    const { everyMs } = this.#setup
    if (everyMs > 0 && !this.#ended) this.#timer = setTimeout(() => void this.#again(), everyMs)
  }

  /** From here on no drawing begins by itself; one that has begun is given up. */
  async stop(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    await this.#giveUp()
  }

  /** Draws them once more, or gives up at the deadline. */
  async finish(deadline: number): Promise<void> {
    await this.stop()
    const late = sleep(deadline - performance.now()).then(() => 'late' as const)
    if ((await Promise.race([this.#draw(), late])) !== 'late') return
    const { warn, runDir } = this.#setup
    warn(
      'plots-late',
      `The plots were not drawn before the run's deadline: \`offstep plot ${runDir}\` draws them`,
    )
    await this.#giveUp()
  }

  async #giveUp(): Promise<void> {
    this.#givenUp = true
    await this.#pool?.close()
    await this.#drawing
    this.#givenUp = false
  }

  async #again(): Promise<void> {
    await this.#draw()
    this.start()
  }

  #draw(): Promise<void> {
    this.#drawing ??= this.#drawOnce().finally(() => {
      this.#drawing = null
    })
    return this.#drawing
  }

  async #drawOnce(): Promise<void> {
    const { entry, runDir, warn } = this.#setup
    const pool = new ThreadPool(entry, { maxThreads: 1, youngGenerationMb: YOUNG_MB })
    this.#pool = pool
    try {
      const { problems } = (await pool.run(runDir)) as WrittenPlots
      for (const problem of problems) warn('plots', problem)
    } catch (error) {
      if (!this.#givenUp) warn('plots', `The plots could not be drawn: ${(error as Error).message}`)
    } finally {
      this.#pool = null
      await pool.close()
    }
  }
}
