/**
 * Runs that were offline at W&B: `offstep sync` uploads them from the journal, beside the log that `wandb sync` takes.
 * Those that were offline at MLflow: see mlflow-uploads.ts.
 */
import type { ResolvedSink } from '../../options/options.js'
import type { FoundRun } from '../../recovery/find-runs.js'
import type { RecoveryReport } from '../../recovery/report.js'
import { readUpload } from '../../recovery/uploads.js'
import { SinkError } from '../../sinks/errors.js'
import { pinSettings } from '../../sinks/wandb/offline/pinned.js'
import { wandbSettings } from '../../sinks/wandb/settings/settings.js'
import { isWholeMarked, markAll, modeOf, offlineState } from '../../sinks/wandb/upload/marks.js'
import { mlflowUploadOf, needsMlflowUpload } from './mlflow-uploads.js'
import type { SinkChoice } from './sinks.js'

const SINK = 'wandb'
const UPLOAD = 'wandb-upload'

/**
 * The sink that uploads the run; null where there is nothing to upload, or where `--sink` asks for others. What the
 * user gives as JSON holds in place of what the run has begun with.
 */
function uploadOf(run: FoundRun, choice: SinkChoice | null, env: NodeJS.ProcessEnv): ResolvedSink | null {
  const has = run.file.sinks.find(({ name, module }) => name === SINK && module === null)
  if (has === undefined || choice?.only.includes(SINK) === false) return null
  const given = choice?.sinks.find(({ name }) => name === SINK)?.options ?? {}
  const { mode = modeIn(run, has, env) } = given
  if (mode !== 'offline' && !(mode === 'disabled' && choice !== null)) return null
  const pinned = pinnedIn(run, has, env)
  return { ...has, name: UPLOAD, options: { ...has.options, ...pinned, ...given, mode: 'online' } }
}

/** All sinks that upload the run: to W&B, and to MLflow. */
export function uploadsOf(run: FoundRun, choice: SinkChoice | null, env: NodeJS.ProcessEnv): ResolvedSink[] {
  return [uploadOf(run, choice, env), mlflowUploadOf(run, choice)].filter((sink) => sink !== null)
}

/** Its process is gone, and something of it is not uploaded. */
export const needsUpload = (run: FoundRun, choice: SinkChoice | null): boolean =>
  needsWandbUpload(run, choice) || needsMlflowUpload(run, choice)

/** Neither by us nor by `wandb sync`. */
function needsWandbUpload(run: FoundRun, choice: SinkChoice | null): boolean {
  if (run.alive || uploadOf(run, choice, process.env) === null) return false
  const note = readUpload(run.dir, UPLOAD)
  if (note !== null) return note.rows !== run.file.records?.journaled
  return !isWholeMarked(run.dir, startOf(run))
}

/** Where all of it is uploaded, `wandb sync` is to leave it out: it appends, and each row would be there twice. */
export function markUploaded(run: FoundRun, { sinks, journaled }: RecoveryReport): void {
  const whole = readUpload(run.dir, UPLOAD)?.rows === journaled
  const log = sinks[SINK]
  // A log that lags behind gets rows yet, and these are uploaded too: it must not begin a next part with them.
  if (!whole || log === undefined || log.pending > 0) return
  // Of a journal that was damaged since, the log may be all that has some rows.
  const rows = log.delivered + log.deadLettered + log.notApplicable
  if (rows <= journaled) markAll(run.dir, startOf(run))
}

const startOf = ({ file }: FoundRun): number => Date.parse(file.startTime)

/** As the sink has begun; else as it would begin now. */
function modeIn(run: FoundRun, sink: ResolvedSink, env: NodeJS.ProcessEnv): string | undefined {
  return modeOf(run.dir) ?? settingsIn(run, sink, env)?.mode
}

function pinnedIn(run: FoundRun, sink: ResolvedSink, env: NodeJS.ProcessEnv): object {
  const pinned = offlineState(run.dir)?.settings
  if (pinned !== undefined && pinned !== null) return pinned
  const settings = settingsIn(run, sink, env)
  return settings === null ? {} : pinSettings(settings)
}

/** Null for settings that are wrong: the sink itself will say so. */
function settingsIn({ file }: FoundRun, { options }: ResolvedSink, env: NodeJS.ProcessEnv) {
  try {
    return wandbSettings({ options, project: file.project, runId: file.id }, env)
  } catch (error) {
    if (error instanceof SinkError) return null
    throw error
  }
}
