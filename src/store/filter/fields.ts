import type { StoredRun } from '../runs/stored-run.js'
import type { Path } from './ast.js'

/** What a run can be asked for by one word. */
export const FIELDS: { readonly [name: string]: (run: StoredRun) => unknown } = {
  id: (run) => run.id,
  name: (run) => run.name,
  project: (run) => run.project,
  status: (run) => run.status,
  tag: (run) => run.tags,
  tags: (run) => run.tags,
  group: (run) => run.group,
  notes: (run) => run.notes,
  jobType: (run) => run.file.jobType,
  startTime: (run) => run.startTime,
  endTime: (run) => run.endTime,
  /** Seconds. */
  duration: (run) => run.durationSeconds,
  rows: (run) => run.summary().rows,
  step: (run) => run.summary().steps?.max ?? null,
  /** How often. */
  resumes: (run) => run.resumes.length,
  exitCode: (run) => run.file.exitCode ?? null,
  host: (run) => run.file.hardware?.hostname ?? null,
  user: (run) => run.file.command?.user ?? null,
  url: (run) => run.url,
  dir: (run) => run.dir,
}

/** Fields of which one has to say more, and how. */
export const PARTS: { readonly [name: string]: string } = {
  config: 'config.lr, config."learning rate"',
  summary: 'summary.loss (its last value), summary."val/loss".min',
  git: 'git.commit, git.branch, git.dirty, git.remote',
}

/** Fields in milliseconds since the epoch, which are compared with dates. */
export const isTime = (field: string): boolean => field === 'startTime' || field === 'endTime'

/** Null where the run has no such thing. */
export function valueAt(run: StoredRun, [field, ...parts]: Path): unknown {
  if (field === 'summary') return summaryValue(run, parts)
  if (field === 'config') return within(run.config, parts)
  if (field === 'git') return within(run.git, parts)
  return FIELDS[field!]!(run) ?? null
}

/** `val/loss` is its last value, `val/loss.min` the lowest, `val/loss.best.step` where it was best. */
function summaryValue(run: StoredRun, parts: Path): unknown {
  const { metrics, values } = run.summary()
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('.')
    const rest = parts.slice(length)
    if (rest.length === 0 && Object.hasOwn(values, name)) return values[name]
    const metric = Object.hasOwn(metrics, name) ? metrics[name] : undefined
    if (metric === undefined) continue
    const found = within(metric, rest.length === 0 ? ['last'] : rest)
    return typeof found === 'object' && found !== null && 'value' in found ? found.value : found
  }
  return within(values, parts)
}

/** A name may have dots: the longest that is there is meant. */
function within(value: unknown, parts: Path): unknown {
  if (parts.length === 0) return value ?? null
  if (typeof value !== 'object' || value === null) return null
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('.')
    if (!Object.hasOwn(value, name)) continue
    const found = within((value as { readonly [name: string]: unknown })[name], parts.slice(length))
    if (found !== null) return found
  }
  return null
}
