/** What W&B's calls take, as offstep's take it. What is wrong in it, the run tells. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AlertOptions, ArtifactOptions, MetricOptions } from '../../run/updates/types.js'
import { Artifact } from './artifact.js'
import type { AlertArgs, DefineMetricArgs, LogArtifactArgs, SaveArgs } from './types.js'

const FINISH_SECONDS = 30
/** The longest that a timer takes. */
const MAX_MS = 2 ** 31 - 1

/** The words of W&B's Python client, for `alert()`. */
export const AlertLevel = { INFO: 'INFO', WARN: 'WARN', ERROR: 'ERROR' } as const

export function alertOf({ title, text, level, waitDuration, wait_duration }: AlertArgs): AlertOptions {
  const seconds = waitDuration ?? wait_duration
  return given<AlertOptions>({
    title,
    text,
    level: level?.toLowerCase(),
    waitMs: seconds === undefined ? undefined : seconds * 1000,
  })
}

/** A text alone is the step metric. */
export function metricOf(options: string | DefineMetricArgs): MetricOptions {
  if (typeof options === 'string') return { stepMetric: options }
  const { stepMetric, step_metric, stepSync, step_sync, hidden, summary, goal } = options
  return given<MetricOptions>({
    stepMetric: stepMetric ?? step_metric,
    stepSync: stepSync ?? step_sync,
    hidden,
    summary: typeof summary === 'string' ? summary.split(',').map((word) => word.trim()) : summary,
    goal,
  })
}

/** Of a file at W&B: its path where that is relative and within `basePath`, else its name. With `/`. */
export function savedName(file: string | URL, { basePath, base_path }: SaveArgs = {}): string {
  const local = file instanceof URL ? fileURLToPath(file) : file
  const base = basePath ?? base_path ?? (path.isAbsolute(local) ? path.dirname(local) : '')
  const relative = path.relative(base, local)
  return relative.startsWith('..') ? path.basename(local) : relative.split(path.sep).join('/')
}

/** A path without a name: as W&B's Python client names it. */
export function artifactOfPath(source: string | URL, runId: string, args: LogArtifactArgs): Artifact {
  const file = path.basename(source instanceof URL ? fileURLToPath(source) : source)
  return new Artifact(args.name ?? `run-${runId}-${file}`.replace(/[^\w.-]/g, '-'), args.type ?? 'file')
}

export function artifactOptions(artifact: Artifact, { aliases }: LogArtifactArgs): ArtifactOptions {
  const { name, type, description, metadata } = artifact
  return given<ArtifactOptions>({ name, type, description, metadata, aliases })
}

/** 0 is no limit, as with W&B's Python client. */
export function finishMs(seconds = FINISH_SECONDS): number {
  return seconds === 0 ? MAX_MS : Math.min(seconds * 1000, MAX_MS)
}

/** Without what was left out. */
function given<T>(values: { readonly [Name in keyof T]: unknown }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T
}
