/** Runs that were offline at MLflow: `offstep sync` sends them from the journal. */
import { readCursor } from '../../delivery/cursor.js'
import type { ResolvedSink } from '../../options/options.js'
import type { FoundRun } from '../../recovery/find-runs.js'
import { readUpload } from '../../recovery/uploads.js'
import type { SinkChoice } from './sinks.js'

const SINK = 'mlflow'
const UPLOAD = 'mlflow-upload'

/** The sink that sends the run; null where there is nothing to send, or where `--sink` asks for others. */
export function mlflowUploadOf(run: FoundRun, choice: SinkChoice | null): ResolvedSink | null {
  const has = run.file.sinks.find(({ name, module }) => name === SINK && module === null)
  if (has === undefined || choice?.only.includes(SINK) === false) return null
  const given = choice?.sinks.find(({ name }) => name === SINK)?.options ?? {}
  const mode = given.mode ?? readCursor(run.dir, SINK).state?.mode ?? has.options.mode
  if (mode !== 'offline' && !(mode === 'disabled' && choice !== null)) return null
  return { ...has, name: UPLOAD, options: { ...has.options, ...given, mode: 'online' } }
}

/** Its process is gone, and something of it has not been sent. */
export function needsMlflowUpload(run: FoundRun, choice: SinkChoice | null): boolean {
  if (run.alive || mlflowUploadOf(run, choice) === null) return false
  return readUpload(run.dir, UPLOAD)?.rows !== run.file.records?.journaled
}
