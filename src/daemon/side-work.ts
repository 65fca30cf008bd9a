import type { SystemMonitor } from '../monitor/system/monitor.js'
import type { ResolvedOptions } from '../options/options.js'
import type { Control } from '../ring/control.js'
import { BackgroundRecovery } from './background-recovery.js'
import type { MediaDesk } from './media-desk.js'
import type { FinalStatus, NamedRing } from './messages.js'
import { Plotter } from './plotter.js'
import type { Reporter } from './reporter.js'
import { type AlertWatch, watchAlerts } from './watch-alerts.js'
import { watchSystem } from './watch-system.js'

export interface SideWorkSetup {
  readonly runDir: string
  readonly options: ResolvedOptions
  readonly control: Control
  /** See DaemonSetup. */
  readonly system: SharedArrayBuffer | null
  readonly rings: readonly NamedRing[]
  readonly media: MediaDesk
  readonly reporter: Reporter
  readonly entries: { readonly recover: string; readonly plot: string }
}

/** Without the option, a run that lasted less than this is not drawn: its program would wait for it. */
const DRAWN_FROM_MS = 10_000

/** What a daemon does beside bringing records to their places: none of it holds up the run. */
export class SideWork {
  readonly #setup: SideWorkSetup
  readonly #monitor: SystemMonitor | null
  readonly #alerts: AlertWatch | null
  readonly #plotter: Plotter
  #recovery: BackgroundRecovery | null = null

  constructor(setup: SideWorkSetup) {
    this.#setup = setup
    const { runDir, options, system, rings, media, reporter, entries } = setup
    this.#monitor = watchSystem(system, options.monitor.systemMs, runDir, rings, media, reporter)
    this.#alerts = watchAlerts(setup)
    this.#plotter = new Plotter({
      runDir,
      entry: entries.plot,
      everyMs: options.plotEvery,
      warn: (kind, message) => reporter.warn(kind, message),
    })
    this.#plotter.start()
  }

  /** Completes runs that others have left behind. */
  recoverOthers(): void {
    const { runDir, options, reporter, entries } = this.#setup
    if (!options.recover) return
    this.#recovery = new BackgroundRecovery({
      root: options.dir,
      ownDir: runDir,
      entry: entries.recover,
      report: (message) => reporter.info(message),
    })
    this.#recovery.start()
  }

  /** The run makes no records of its own any more. */
  stopMonitor(): void {
    this.#monitor?.stop()
    this.#alerts?.stop()
  }

  /** The sinks are closed: nothing more is told of alerts. */
  endAlerts(): void {
    this.#alerts?.end()
  }

  async stop(deadline: number): Promise<void> {
    await Promise.all([this.#recovery?.stop(deadline), this.#plotter.stop()])
  }

  /** Draws the plots of a run that has everything, where they are wanted. */
  async drawPlots(status: FinalStatus, ageMs: number, deadline: number): Promise<void> {
    const { plots } = this.#setup.options
    // Whoever was told to end by a signal is waited for.
    if (status === 'killed' || !(plots ?? ageMs >= DRAWN_FROM_MS)) return
    await this.#plotter.finish(deadline)
  }
}
