import type { FoundRun } from '../../recovery/find-runs.js'
import { recoverRun } from '../../recovery/recover-run.js'
import { RunAliveError } from '../../store/run-lock.js'
import type { Outcome } from './outcome.js'
import type { ProgressView } from './progress.js'
import type { SinkChooser } from './sinks.js'
import { markUploaded, uploadsOf } from './uploads.js'

export interface SyncRunOptions {
  readonly choose: SinkChooser
  /** Upload what is offline. */
  readonly upload: boolean
  readonly retries: number
  readonly signal: AbortSignal
  readonly view: ProgressView
}

/**
 * Brings one run up to date. Rejects only for bugs: a run that is in use elsewhere, or whose files cannot be read
 * or written, is an outcome, and the next run has its turn.
 */
export async function syncRun(
  run: FoundRun,
  { choose, upload, retries, signal, view }: SyncRunOptions,
): Promise<Outcome> {
  const { id, dir, project, file } = run
  const choice = choose(file.sinks)
  const uploads = upload ? uploadsOf(run, choice, process.env) : []
  const only = choice === null ? null : [...choice.only, ...uploads.map(({ name }) => name)]
  const common = { id, dir, project, only }
  view.begin(run)
  if (run.lock === 'silent') view.say(`Watching for 20 s whether the owner of ${id} is alive elsewhere.`)
  try {
    const report = await recoverRun(dir, {
      ...choice,
      uploads,
      role: 'sync',
      retries,
      signal,
      onProgress: (progress) => view.update(progress),
    })
    if (uploads.length > 0) markUploaded(run, report)
    return { ...common, report, error: null, interrupted: signal.aborted }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof RunAliveError) {
      return {
        ...common,
        report: null,
        error: { code: error.code, message, owner: error.owner },
        interrupted: false,
      }
    }
    if (code === undefined) throw error
    return { ...common, report: null, error: { code, message }, interrupted: false }
  }
}
