import { AlertLevel } from './arguments.js'
import { Artifact } from './artifact.js'
import { liveValues } from './live-values.js'
import { loggedIn, login } from './login.js'
import { Audio, Histogram, Image, Table } from './media.js'
import type { LoggedValues } from './row.js'
import { Run } from './run.js'
import { startRun } from './start-run.js'
import { tell } from './tell.js'
import type {
  AlertArgs,
  DefineMetricArgs,
  InitOptions,
  LiveValues,
  LogArtifactArgs,
  SaveArgs,
} from './types.js'

/** The module, as a value: calls reach the run that `init()` has made last. */
class Sdk {
  /** Of the newest run; null before `init()` and after `finish()`. */
  runPromise: Promise<Run> | null = null
  /** The newest run, from the call of `init()` on. */
  run: Run | null = null
  readonly Run = Run
  readonly Image = Image
  readonly Audio = Audio
  readonly Histogram = Histogram
  readonly Table = Table
  readonly Artifact = Artifact
  readonly AlertLevel = AlertLevel
  readonly login = login

  // Each is a value of its own: `const { log } = wandb` works, as with @wandb/sdk.

  /**
   * Starts a run; `log()` works from here on. Resolves when W&B has named it, after ten seconds at the latest, and
   * without key or server too: the journal has the rows until they can be delivered. Rejects with an OptionsError
   * where `dir` or `offstep` is wrong.
   */
  readonly init = (options: InitOptions = {}): Promise<Run> => {
    try {
      const run = new Run(startRun(options, loggedIn), options, (ended) => {
        if (this.run !== ended) return
        this.run = null
        this.runPromise = null
      })
      this.run = run
      this.runPromise = run.named()
      return this.runPromise
    } catch (error) {
      return Promise.reject(error)
    }
  }

  readonly log = (data: LoggedValues, step?: number | null, commit?: boolean): void => {
    if (this.run === null) noRun('log')
    else this.run.log(data, step, commit)
  }

  readonly finish = async (code?: number): Promise<void> => {
    if (this.run === null) noRun('finish')
    else await this.run.finish(code)
  }

  readonly defineMetric = (name: string, options?: string | DefineMetricArgs): void => {
    if (this.run === null) noRun('defineMetric')
    else this.run.defineMetric(name, options)
  }

  readonly define_metric = this.defineMetric

  readonly alert = (options: AlertArgs): void => {
    if (this.run === null) noRun('alert')
    else this.run.alert(options)
  }

  readonly save = (file: string | URL, options?: SaveArgs): void => {
    if (this.run === null) noRun('save')
    else this.run.save(file, options)
  }

  readonly logArtifact = (artifact: Artifact | string | URL, options?: LogArtifactArgs): Artifact | null => {
    if (this.run !== null) return this.run.logArtifact(artifact, options)
    noRun('logArtifact')
    return null
  }

  readonly log_artifact = this.logArtifact

  get config(): LiveValues {
    return this.run?.config ?? liveValues({}, () => noRun('config'))
  }

  get summary(): LiveValues {
    return this.run?.summary ?? liveValues({}, () => noRun('summary'))
  }
}

/** @wandb/sdk throws this: here it does not reach the training loop. */
function noRun(call: string): void {
  const what = call === 'log' || call === 'finish' ? call : `call wandb.${call}`
  tell(`no-run-${call}`, `Cannot ${what} before calling wandb.init()`)
}

export type { Sdk }
export const wandb: Sdk = new Sdk()
