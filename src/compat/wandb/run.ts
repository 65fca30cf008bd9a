import { emitWarning } from '../../run/connect.js'
import { LiveRun } from '../../run/live-run.js'
import { poll } from '../../run/poll.js'
import type { FlushResult, Run as OffstepRun } from '../../run/run.js'
import { readBaseline } from '../../sinks/wandb/online/run/baseline.js'
import { alertOf, artifactOfPath, artifactOptions, finishMs, metricOf, savedName } from './arguments.js'
import { Artifact } from './artifact.js'
import { liveValues } from './live-values.js'
import { type Place, placeOf } from './place.js'
import { type LoggedValues, logRow } from './row.js'
import type { StartedRun } from './start-run.js'
import { guarded, tell, tellFailed } from './tell.js'
import type {
  AlertArgs,
  DefineMetricArgs,
  InitOptions,
  LiveValues,
  LogArtifactArgs,
  SaveArgs,
  Settings,
} from './types.js'

/** The longest that `await init()` waits until W&B has named the run. */
const NAMED_MS = 10_000
/** States of the sink in which nobody is asked. */
const STANDING: ReadonlySet<string | undefined> = new Set(['paused', 'offline', undefined])

/** A run, as @wandb/sdk has it. No call but `finish()` waits for anything, and none throws. */
export class Run {
  /** The step of the next `log()` without one. */
  step = 0
  readonly settings: Settings
  readonly config: LiveValues
  readonly summary: LiveValues
  /** The run that this one is made of. */
  readonly offstep: OffstepRun
  readonly name: string
  readonly #started: StartedRun
  readonly #finishMs: number
  readonly #onFinish: (run: Run) => void
  #finished: Promise<void> | null = null

  constructor(started: StartedRun, { settings: given = {} }: InitOptions, onFinish: (run: Run) => void) {
    const { offstep, settings, config } = started
    this.#started = started
    this.#onFinish = onFinish
    this.#finishMs = finishMs(given.finish_timeout)
    this.offstep = offstep
    this.settings = {
      baseUrl: settings?.baseUrl ?? '',
      offline: settings?.mode === 'offline',
      silent: given.silent ?? settings?.silent ?? false,
    }
    this.name = started.name
    this.config = liveValues(config, (changed) => guarded('config', () => offstep.updateConfig(changed)))
    this.summary = liveValues({}, (changed) => guarded('summary', () => offstep.updateSummary(changed)))
  }

  /** Until W&B has answered, what was asked for. */
  get id(): string {
    return this.#place.id
  }

  /** Empty until W&B has answered, where none was asked for. */
  get entity(): string {
    return this.#place.entity
  }

  get project(): string {
    return this.#place.project
  }

  /** offstep's directory of the run. */
  get dir(): string {
    return this.offstep.dir
  }

  get #place(): Place {
    return placeOf(this.offstep, this.#started.settings)
  }

  /** Empty while W&B has not named the run, and offline. */
  url(): string {
    return this.offstep.url ?? ''
  }

  /** Resolves when W&B has named the run; where it cannot be reached, or does not let us in, soon without. */
  async named(): Promise<this> {
    const { settings } = this.#started
    if (settings?.mode !== 'online') return this
    const waits = () => this.#finished === null && !STANDING.has(this.offstep.status().sinks.wandb?.state)
    await poll(() => this.offstep.url !== null || !waits(), performance.now() + NAMED_MS)
    if (this.offstep.url !== null) this.#goOn()
    return this
  }

  /** Steps of a resumed run are counted on. */
  #goOn(): void {
    guarded('init', () => {
      const lastStep = readBaseline(this.offstep.dir, this.id)?.lastStep ?? -1
      this.step = Math.max(this.step, lastStep + 1)
    })
  }

  /**
   * Logs one row. Without `step`, its step is one more than the last row's. With `commit: false` the next row
   * without a step joins it. Values are copied at once: see row.ts for what they may be.
   */
  log(data: LoggedValues, step?: number | null, commit?: boolean): void {
    if (this.#finished !== null) tell('finished', 'Cannot log after wandb.finish(): call wandb.init() again')
    if (typeof data !== 'object' || data === null) {
      tell(
        'row',
        'wandb.log() takes an object of names and values: this row, and others like it, are not logged',
      )
      return
    }
    const at = this.#stepOf(step)
    try {
      logRow(this.offstep, data, at)
    } catch (error) {
      tellFailed('log', error)
    }
    this.step = Math.max(this.step, commit === false ? at : at + 1)
  }

  #stepOf(step: number | null | undefined): number {
    if (step === undefined || step === null) return this.step
    if (Number.isFinite(step)) return step
    tell('step', `a step must be a finite number: rows with others get the next step, ${this.step} for one`)
    return this.step
  }

  /** `name`: of a metric, or the beginning of several with `*` at its end. A text as `options` is the step metric. */
  defineMetric(name: string, options: string | DefineMetricArgs = {}): void {
    guarded('defineMetric', () => this.offstep.defineMetric(name, metricOf(options)))
  }

  define_metric(name: string, options?: string | DefineMetricArgs): void {
    this.defineMetric(name, options)
  }

  alert(options: AlertArgs): void {
    guarded('alert', () => this.offstep.alert(alertOf(options)))
  }

  /** Keeps a file with the run, as it is moments after the call. */
  save(file: string | URL, options?: SaveArgs): void {
    guarded('save', () => this.offstep.saveFile(file, { as: savedName(file, options) }))
  }

  /** Keeps a version of an artifact; a path alone gets a name of its own. Returns the artifact, null where there is none. */
  logArtifact(artifactOrPath: Artifact | string | URL, options: LogArtifactArgs = {}): Artifact | null {
    let artifact: Artifact | null = null
    guarded('logArtifact', () => {
      const given = artifactOrPath instanceof Artifact
      artifact = given ? artifactOrPath : artifactOfPath(artifactOrPath, this.id, options)
      const source = given ? artifactOrPath.sources : artifactOrPath
      this.offstep.artifact(source, artifactOptions(artifact, options))
    })
    return artifact
  }

  log_artifact(artifactOrPath: Artifact | string | URL, options?: LogArtifactArgs): Artifact | null {
    return this.logArtifact(artifactOrPath, options)
  }

  /**
   * Delivers what it can in `settings.finish_timeout` and ends the run; the rest stays in the journal, for the next
   * run or `offstep sync`. Never rejects. `code`: the exit code; any but 0 marks the run as failed.
   */
  finish(code?: number): Promise<void> {
    this.#finished ??= this.#finish(code ?? 0)
    return this.#finished
  }

  async #finish(code: number): Promise<void> {
    const timeoutMs = this.#finishMs
    const status = code === 0 ? 'completed' : 'failed'
    const run = this.offstep
    const ended =
      run instanceof LiveRun ? run.finish({ status, timeoutMs }, { exitCode: code }) : run.finish()
    this.#say(await ended)
    this.#onFinish(this)
  }

  #say({ reached }: FlushResult): void {
    const { silent } = this.settings
    const { offstep } = this
    if (!reached && offstep instanceof LiveRun) {
      const rest = `it is in the journal, and comes with the next run or \`offstep sync ${offstep.dir}\``
      emitWarning('wandb-not-delivered', `wandb.finish() could not deliver everything in time: ${rest}`)
    }
    if (!silent && this.url() !== '') console.log(`View run at ${this.url()}`)
  }
}
