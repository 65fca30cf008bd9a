import { type RunFile, RunFileError, readRunFile } from '../../store/run-file.js'
import { wandbConfig } from './config.js'
import type { WandbSettings } from './settings.js'

/** What W&B is told of a run beside its rows; undefined where there is nothing to tell. */
export interface RunDescription {
  readonly displayName: string
  readonly notes: string | undefined
  readonly tags: readonly string[] | undefined
  readonly group: string | undefined
  readonly jobType: string | undefined
  /** In W&B's shape: see config.ts. */
  readonly config: ReturnType<typeof wandbConfig>
  readonly commit: string | undefined
  readonly repo: string | undefined
  readonly host: string | undefined
  readonly program: string | undefined
}

/**
 * From run.json and the settings. A run.json that is missing or damaged, which others report, costs what it would
 * have told. Blocks.
 */
export function describeRun(runDir: string, runName: string, settings: WandbSettings): RunDescription {
  const file = runFile(runDir)
  const tags = settings.tags ?? file?.tags
  return {
    displayName: settings.name ?? runName,
    notes: settings.notes ?? (file?.notes || undefined),
    tags: tags?.length ? tags : undefined,
    group: settings.group ?? file?.group ?? undefined,
    jobType: settings.jobType ?? file?.jobType ?? undefined,
    config: wandbConfig(file?.config ?? {}),
    commit: file?.git?.commit ?? undefined,
    repo: file?.git?.remote ?? undefined,
    host: file?.hardware?.hostname ?? undefined,
    program: file?.command?.argv[1] ?? undefined,
  }
}

function runFile(runDir: string): RunFile | null {
  try {
    return readRunFile(runDir)
  } catch (error) {
    if (error instanceof RunFileError) return null
    throw error
  }
}
