import { randomUUID } from 'node:crypto'
import { describeValue, pathText } from '../../options/describe.js'
import type { OptionProblem } from '../../options/errors.js'
import type { Goal, ResolvedSink, RunMode, RunOptions } from '../../options/options.js'
import { didYouMean } from '../../options/suggest.js'
import { goalOf } from '../../sinks/summary/goal.js'
import { ALERTS, isAlertTarget, TARGET_PREFIX } from '../sink-names.js'
import type { AlertRule, AlertTarget, OnAlert, ResolvedRule } from '../types.js'
import { addressProblem, type ParsedTarget } from './targets.js'

type Env = { readonly [name: string]: string | undefined }

/** The options of a run that are about alerts, each of them checked. */
export interface AlertOptionsGiven {
  readonly alerts?: readonly (ResolvedRule | null)[] | undefined
  readonly alertTargets?: readonly (ParsedTarget | null)[] | undefined
  readonly onAlert?: OnAlert | undefined
  readonly mode?: RunMode | undefined
  readonly goals?: { readonly [metric: string]: Goal } | undefined
  readonly monitor?: { readonly system?: unknown } | undefined
}

const targetsOf = ({ alertTargets }: AlertOptionsGiven): readonly ParsedTarget[] =>
  alertTargets === undefined
    ? [{ name: 'terminal', target: null, secrets: {} }]
    : alertTargets.filter((target) => target !== null)

const isOff = ({ mode }: AlertOptionsGiven): boolean => mode === 'offline' || mode === 'disabled'

/** What is wrong between the rules, the targets and the environment. */
export function alertProblems(given: AlertOptionsGiven, env: Env): OptionProblem[] {
  return [...addressProblems(given, env), ...nameProblems(given), ...systemProblems(given)]
}

function addressProblems(given: AlertOptionsGiven, env: Env): OptionProblem[] {
  if (isOff(given)) return []
  return targetsOf(given).flatMap(({ name, target, secrets }, index): OptionProblem[] => {
    if (target === null || secrets.url !== undefined) return []
    const url = env[target.env]
    if (!url) {
      const fix = `set the environment variable ${target.env}, or give url`
      // By its name too: of a run that goes on, whoever resumes it has not written the list.
      const given = `no address for ${JSON.stringify(name)} (${target.type})`
      return [{ path: pathText(['alertTargets', index]), given, fix }]
    }
    const fix = addressProblem(target.type, url)
    return fix === null
      ? []
      : [{ path: `environment variable ${target.env}`, given: 'string (hidden)', fix: withoutOption(fix) }]
  })
}

const withoutOption = (fix: string): string => fix.split(', or leave it out')[0]!

function nameProblems(given: AlertOptionsGiven): OptionProblem[] {
  const targets = targetsOf(given)
  const known = targets.map(({ name }) => name)
  const doubles = targets.flatMap(({ name }, index) =>
    known.indexOf(name) === index
      ? []
      : [problem(['alertTargets', index, 'name'], name, 'give each target a name of its own')],
  )
  const unknown = (given.alerts ?? []).flatMap((rule, index) =>
    (rule?.targets ?? []).flatMap((name, at) => {
      if (known.includes(name)) return []
      const fix = `give a name of alertTargets${didYouMean(name, known)}`
      return [problem(['alerts', index, 'targets', at], name, fix)]
    }),
  )
  return [...doubles, ...unknown]
}

function systemProblems({ alerts, monitor }: AlertOptionsGiven): OptionProblem[] {
  if (monitor?.system !== false) return []
  return (alerts ?? []).flatMap((rule, index) =>
    rule?.when === 'gpu-idle'
      ? [problem(['alerts', index, 'when'], rule.when, 'remove it, or leave monitor.system on')]
      : [],
  )
}

const problem = (path: (string | number)[], value: unknown, fix: string): OptionProblem => ({
  path: pathText(path),
  given: describeValue(value, path),
  fix,
})

/**
 * The sinks that the options about alerts make: one for what needs no network, and one for each target that does, so
 * that each has its own cursor, back-off and count. For a run that has such options.
 */
export function alertSinks(given: AlertOptionsGiven): ResolvedSink[] {
  const { alerts, goals } = given
  const rules = (alerts ?? []).filter((rule) => rule !== null).map((rule) => withGoal(rule, goals ?? {}))
  const targets = targetsOf(given)
  const remote = targets.flatMap(({ target, secrets }) => (target === null ? [] : [{ target, secrets }]))
  const left = isOff(given) ? remote.map(({ target }) => target.name) : []
  const terminal = targets.some(({ target }) => target === null)
  const local = builtIn(ALERTS, { rules, terminal, left, channel: `offstep-alerts-${randomUUID()}` })
  if (isOff(given)) return [local]
  const sinks = remote.map(({ target, secrets }) =>
    builtIn(`${TARGET_PREFIX}${target.name}`, { rules, target, secrets }),
  )
  return [local, ...sinks]
}

/** The options that have made these sinks, for a run that goes on; addresses come from the environment then. */
export function alertOptionsOf(sinks: readonly ResolvedSink[]): Pick<RunOptions, 'alerts' | 'alertTargets'> {
  const local = sinks.find(({ name }) => name === ALERTS)
  if (local === undefined) return {}
  const remote = sinks.filter(({ name }) => isAlertTarget(name)).map(({ options }) => options.target)
  return {
    alerts: local.options.rules as readonly AlertRule[],
    alertTargets: [...(local.options.terminal === true ? ['terminal'] : []), ...remote] as AlertTarget[],
  }
}

const builtIn = (name: string, options: ResolvedSink['options']): ResolvedSink => ({
  name,
  module: null,
  export: 'default',
  options,
})

function withGoal(rule: ResolvedRule, goals: { readonly [metric: string]: Goal }): ResolvedRule {
  if (rule.when !== 'plateau' && rule.when !== 'overfitting') return rule
  const metric = rule.when === 'plateau' ? rule.metric : rule.validation
  return { ...rule, goal: rule.goal ?? goals[metric] ?? goalOf(metric) ?? 'minimize' }
}
