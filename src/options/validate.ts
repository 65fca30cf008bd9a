import { resolve } from 'node:path'
import * as v from 'valibot'
import { resolveCheckpoints } from './checkpoints.js'
import { DEFAULT_OPTIONS } from './defaults.js'
import { describeValue, type PathSegment, pathText } from './describe.js'
import { ENV_OPTIONS, type Env } from './env-options.js'
import { type OptionProblem, OptionsError } from './errors.js'
import { showsConsole, withMode } from './network-sinks.js'
import type { CheckpointOptions, ResolvedOptions, ResolvedSink } from './options.js'
import { optionsSchema } from './schema.js'
import { resolveSystemMonitor, systemVariableProblem } from './system-monitor.js'
import { alertOptions, presets } from './when-given.js'

/**
 * Checks what `init()` was given and fills in the rest. An option that is given wins over its environment
 * variable, which wins over its preset, which wins over the default; an empty variable counts as unset. Touches no file.
 *
 * Throws one OptionsError that lists every wrong option.
 */
export function resolveOptions(input: unknown, env: Env = process.env): ResolvedOptions {
  const { options, fromEnv } = withEnv(input ?? {}, env)
  const named = (options as { preset?: unknown } | null)?.preset !== undefined
  const result = v.safeParse(optionsSchema, named ? presets().withPreset(options, env) : options)
  const problems = (result.issues ?? []).map((issue) => toProblem(issue, fromEnv))
  const ring = ringProblem(result.output, options)
  if (ring !== null) problems.push(ring)
  const variable = systemVariableProblem(env)
  if (variable !== null) problems.push(variable)
  if (problems.length === 0 && isAboutAlerts(result.output as Checked))
    problems.push(...alertOptions().alertProblems(result.output as Checked, env))
  if (problems.length > 0) throw OptionsError.fromProblems(onePerPath(problems))
  return fill(result.output as Checked, env)
}

type Checked = v.InferOutput<typeof optionsSchema>

const isAboutAlerts = ({ alerts, alertTargets, onAlert }: Checked): boolean =>
  alerts !== undefined || alertTargets !== undefined || onAlert !== undefined

function withEnv(input: unknown, env: Env): { options: unknown; fromEnv: Map<string, string> } {
  const fromEnv = new Map<string, string>()
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return { options: input, fromEnv }
  const options: Record<string, unknown> = { ...input }
  for (const [option, variable] of Object.entries(ENV_OPTIONS)) {
    if (options[option] !== undefined || !env[variable]) continue
    options[option] = env[variable]
    fromEnv.set(option, variable)
  }
  return { options, fromEnv }
}

function toProblem(issue: v.BaseIssue<unknown>, fromEnv: Map<string, string>): OptionProblem {
  const path = (issue.path ?? []).map((item) => item.key as PathSegment)
  const variable = fromEnv.get(String(path[0]))
  return {
    path: variable === undefined ? pathText(path) : `environment variable ${variable}`,
    given: describeValue(issue.input, path),
    fix: issue.message,
  }
}

/** The one rule that spans two options. */
function ringProblem(output: unknown, given: unknown): OptionProblem | null {
  const capacity = (output as Partial<Checked>).ring?.capacityBytes ?? DEFAULT_OPTIONS.ring.capacityBytes
  // Not that of a preset: it gives way, as the default does.
  const max = (given as Partial<Checked> | null)?.ring?.maxCapacityBytes
  if (typeof max !== 'number' || typeof capacity !== 'number' || max >= capacity) return null
  const path = ['ring', 'maxCapacityBytes']
  const fix = `give at least capacityBytes, which is ${capacity}`
  return { path: pathText(path), given: describeValue(max, path), fix }
}

function onePerPath(problems: readonly OptionProblem[]): OptionProblem[] {
  const first = new Map<string, OptionProblem>()
  for (const problem of problems) if (!first.has(problem.path)) first.set(problem.path, problem)
  return [...first.values()]
}

function fill(checked: Checked, env: Env): ResolvedOptions {
  const { preset: _, alerts: __, alertTargets: ___, onAlert: ____, ...given } = defined(checked)
  const asked = (checked.sinks as ResolvedSink[] | undefined) ?? DEFAULT_OPTIONS.sinks
  const mode = checked.mode ?? DEFAULT_OPTIONS.mode
  const forAlerts = isAboutAlerts(checked) ? alertOptions().alertSinks(checked) : []
  const sinks = [...asked.map((sink) => withMode(sink, mode, env)), ...forAlerts]
  const ring = { ...DEFAULT_OPTIONS.ring, ...defined(checked.ring ?? {}) }
  return {
    ...DEFAULT_OPTIONS,
    ...given,
    name: checked.name ?? checked.project ?? DEFAULT_OPTIONS.name,
    // At once: the training code may change its working directory later.
    dir: resolve(checked.dir ?? DEFAULT_OPTIONS.dir),
    sinks,
    captureConsole: checked.captureConsole ?? sinks.some(showsConsole),
    monitor: resolveSystemMonitor(checked.monitor?.system, env),
    ring: { ...ring, maxCapacityBytes: Math.max(ring.maxCapacityBytes, ring.capacityBytes) },
    journal: { ...DEFAULT_OPTIONS.journal, ...defined(checked.journal ?? {}) },
    disk: { ...DEFAULT_OPTIONS.disk, ...defined(checked.disk ?? {}) },
    checkpoints: resolveCheckpoints(checked.checkpoints as CheckpointOptions | undefined),
    limits: { ...DEFAULT_OPTIONS.limits, ...defined(checked.limits ?? {}) },
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>
}
