import type { JsonObject } from '../../../record/json.js'
import { type RunFile, RunFileError, readRunFile } from '../../../store/run-file.js'
import type { MlflowSettings } from '../settings/settings.js'

/** What MLflow is told of a run beside its rows. */
export interface RunDescription {
  readonly tags: ReadonlyMap<string, string>
  readonly config: JsonObject
  readonly group: string | null
}

export interface DescribedRun {
  readonly runDir: string
  readonly runId: string
  readonly runName: string
  readonly project: string
  /** Somebody else has made the run at MLflow: its name, its user and where it came from stay. */
  readonly resumed: boolean
}

/**
 * From run.json and the settings. A run.json that is missing or damaged, which others report, costs what it would have
 * told. Tags are those that MLflow's own pages know, and ours. Blocks.
 */
export function describeRun(run: DescribedRun, settings: MlflowSettings): RunDescription {
  const file = runFile(run.runDir)
  const name = settings.name ?? (run.resumed ? undefined : run.runName)
  const notes = settings.notes ?? (file?.notes || undefined)
  const given: [string, string | null | undefined][] = [
    ['mlflow.runName', name],
    ['mlflow.note.content', notes],
    ...(run.resumed ? [] : sourceTags(file)),
    ['offstep.run_id', run.runId],
    ['offstep.project', run.project],
    ['offstep.group', file?.group],
    ['offstep.job_type', file?.jobType],
    ['offstep.host', file?.hardware?.hostname],
    ...(file?.tags ?? []).map((tag): [string, string] => [tag, 'true']),
    ...Object.entries(settings.tags),
  ]
  const tags = new Map(given.filter((entry): entry is [string, string] => Boolean(entry[1])))
  return { tags, config: file?.config ?? {}, group: file?.group ?? null }
}

function sourceTags(file: RunFile | null): [string, string | null | undefined][] {
  const { git, command } = file ?? {}
  return [
    ['mlflow.user', command?.user],
    ['mlflow.source.name', command?.argv[1]],
    ['mlflow.source.type', 'LOCAL'],
    ['mlflow.source.git.commit', git?.commit],
    ['mlflow.source.git.branch', git?.branch],
    ['mlflow.source.git.repoURL', git?.remote],
    ['offstep.command', command?.argv.join(' ')],
    ['offstep.git.dirty', git?.dirty === undefined || git.dirty === null ? null : `${git.dirty}`],
  ]
}

function runFile(runDir: string): RunFile | null {
  try {
    return readRunFile(runDir)
  } catch (error) {
    if (error instanceof RunFileError) return null
    throw error
  }
}
