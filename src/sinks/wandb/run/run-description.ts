import { type RunFile, RunFileError, readRunFile } from '../../../store/run-file.js'
import { metricList } from '../metrics/metric-list.js'
import type { WandbSettings } from '../settings/settings.js'
import { wandbConfig } from './config.js'
import type { SummaryState } from './summary.js'
import { noUpdates, type RunUpdates } from './updates.js'

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

/** What the rows so far have said of the run. */
export interface ToldByRows {
  readonly updates: RunUpdates
  readonly summary: SummaryState
}

/**
 * From run.json, the settings, and updates, whose parameters stand over those of run.json: that may be an older one. A
 * run.json that is missing or damaged, which others report, costs what it would have told. Blocks.
 */
export function describeRun(
  runDir: string,
  runName: string,
  settings: WandbSettings,
  { updates, summary }: ToldByRows = { updates: noUpdates(), summary: [] },
): RunDescription {
  const file = runFile(runDir)
  const tags = settings.tags ?? file?.tags
  const config = Object.fromEntries([...Object.entries(file?.config ?? {}), ...updates.config])
  const metrics = metricList(
    updates.metrics,
    summary.map(([name]) => name),
  )
  return {
    displayName: settings.name ?? runName,
    notes: settings.notes ?? (file?.notes || undefined),
    tags: tags?.length ? tags : undefined,
    group: settings.group ?? file?.group ?? undefined,
    jobType: settings.jobType ?? file?.jobType ?? undefined,
    config: wandbConfig(config, metrics),
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
