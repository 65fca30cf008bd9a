import { isAlertSinkName } from '../alerts/sink-names.js'
import type { Report } from './copy-value.js'
import { copyValue } from './copy-value.js'
import { moduleUrl } from './module-url.js'
import { directoryNameProblem, NAME_FIX } from './names.js'
import type { BuiltInSink, ResolvedSink } from './options.js'
import { didYouMean } from './suggest.js'
import { sinkOptions } from './when-given.js'

export const BUILT_IN: readonly string[] = [
  'jsonl',
  'csv',
  'tensorboard',
  'console',
  'log',
  'wandb',
  's3',
  'mlflow',
] satisfies readonly BuiltInSink[]
const NAMES = BUILT_IN.map((name) => `"${name}"`).join(', ')
const ALWAYS_ON = 'summary'
/** What `offstep sync` sends an offline run of "wandb" or "mlflow" with. */
const UPLOADS: readonly string[] = ['wandb-upload', 'mlflow-upload']
const SINK_FIX = `give ${NAMES}, { type: ... } or { module: ..., name: ... }`

/** One entry of `sinks`, checked; null after a report. */
export function parseSink(given: unknown, report: Report): ResolvedSink | null {
  if (typeof given === 'string') return builtIn(given, {}, [], report)
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    report([], given, SINK_FIX)
    return null
  }
  const sink = given as Record<string, unknown>
  if (sink.module !== undefined) return custom(sink, report)
  const { type, ...options } = sink
  if (typeof type === 'string') return builtIn(type, options, ['type'], report)
  if (type === undefined) report([], given, SINK_FIX)
  else report(['type'], type, `give ${NAMES}`)
  return null
}

function builtIn(
  type: string,
  options: Record<string, unknown>,
  path: string[],
  report: Report,
): ResolvedSink | null {
  if (BUILT_IN.includes(type)) {
    const copy = copyOptions(options, report)
    // "s3" needs one.
    if (type === 's3' || isAny(copy)) sinkOptions().checkSinkOptions(type as BuiltInSink, copy, report)
    return { name: type, module: null, export: 'default', options: copy }
  }
  if (type === ALWAYS_ON) report(path, type, 'remove it: summary.json is always written')
  else report(path, type, `${SINK_FIX}${didYouMean(type, BUILT_IN)}`)
  return null
}

function custom(sink: Record<string, unknown>, report: Report): ResolvedSink | null {
  const { module, name, export: exported = 'default', ...options } = sink
  let wrong = false
  const refuse = (key: string, value: unknown, fix: string) => {
    report([key], value, fix)
    wrong = true
  }
  if (sink.type !== undefined) refuse('type', sink.type, 'remove it: "module" already says which sink')
  if (!(module instanceof URL) && (typeof module !== 'string' || module === '')) {
    refuse('module', module, 'give a package name, a path or a URL')
  }
  if (typeof name !== 'string') refuse('name', name, NAME_FIX)
  else {
    const problem = directoryNameProblem(name)
    if (problem !== null) refuse('name', name, problem)
    else if (
      name === ALWAYS_ON ||
      UPLOADS.includes(name) ||
      BUILT_IN.includes(name) ||
      isAlertSinkName(name)
    ) {
      refuse('name', name, 'give another name: a built-in sink has this one')
    }
  }
  if (typeof exported !== 'string' || exported === '')
    refuse('export', exported, 'give the name of an export')
  if (wrong) return null
  const copy = copyOptions(options, report)
  if (isAny(copy)) sinkOptions().checkEngineOptions(copy, report)
  return {
    name: name as string,
    module: moduleUrl(module as string | URL),
    export: exported as string,
    options: copy,
  }
}

const isAny = (options: object): boolean => Object.keys(options).length > 0

function copyOptions(options: Record<string, unknown>, report: Report): Record<string, unknown> {
  return copyValue(options, report) as Record<string, unknown>
}
