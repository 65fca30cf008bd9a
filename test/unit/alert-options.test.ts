/** The options about alerts: what is wrong with them, and what becomes of them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { alertOptionsOf } from '../../dist/src/alerts/options/alert-sinks.js'
import { OptionsError } from '../../dist/src/options/errors.js'
import { saveConfig } from '../../dist/src/options/save.js'
import { resolveOptions } from '../../dist/src/options/validate.js'
import { temporaryDirectory } from '../support/directory.js'

const SECRET = 'https://hooks.slack.com/services/T0/B0/S3CR3T'

function problemsOf(input: object, env: Record<string, string> = {}): string[] {
  try {
    resolveOptions(input, env)
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError)
    expect((error as OptionsError).message).not.toContain('S3CR3T')
    return (error as OptionsError).problems.map(({ path, given, fix }) => `${path}: ${given}; ${fix}`)
  }
  return []
}

const rule = (given: unknown): string[] => problemsOf({ alerts: [given] })
const target = (given: unknown, env = {}): string[] => problemsOf({ alertTargets: [given] }, env)

describe('one error tells everything that is wrong', () => {
  test.each<[unknown, string]>([
    ['nan', 'alerts[0]: string "nan"; give an object, such as { when: "nan" }'],
    [{ when: 'treshold' }, 'did you mean "threshold"?'],
    [{ when: 'threshold', above: 1 }, 'alerts[0].metric: undefined; give the name of a metric'],
    [{ when: 'threshold', metric: 'a' }, 'alerts[0]: object; give above, below or both'],
    [{ when: 'threshold', metric: 'a', above: Number.NaN }, 'alerts[0].above: number NaN; give a finite'],
    [{ when: 'threshold', metric: 'a', abov: 1 }, 'alerts[0].abov: number 1; there is no such option'],
    [{ when: 'plateau', metric: 'a', steps: 0 }, 'alerts[0].steps: number 0; give a number of steps'],
    [{ when: 'plateau', metric: 'a', steps: 5, goal: 'min' }, 'give "minimize" or "maximize"'],
    [{ when: 'nan', coolDownMs: -1 }, 'alerts[0].coolDownMs: number -1; give a whole number'],
    [{ when: 'nan', level: 'fatal' }, 'alerts[0].level: string "fatal"; give "info" or "warn" or "error"'],
    [{ when: 'nan', metric: [] }, 'alerts[0].metric: array of 0; give the name'],
    [{ when: 'slow', factor: 1 }, 'alerts[0].factor: number 1; give a number above 1'],
    [{ when: 'heartbeat', afterMs: 1 }, 'alerts[0].afterMs: number 1; give a whole number'],
    [{ when: 'finished', statuses: ['done'] }, 'alerts[0].statuses[0]: string "done"; give "completed"'],
    [{ when: 'nan', targets: ['slak'] }, 'alerts[0].targets[0]: string "slak"; give a name of alertTargets'],
  ])('the rule %j', (given, problem) => {
    expect(rule(given).join('\n')).toContain(problem)
  })

  test.each<[unknown, string]>([
    ['slak', 'alertTargets[0]: string "slak"'],
    [
      { type: 'slack', name: 'ops' },
      'alertTargets[0]: no address for "ops" (slack); set the environment variable OFFSTEP_SLACK_WEBHOOK, or give url',
    ],
    [{ type: 'slack', url: 'S3CR3T' }, 'alertTargets[0].url: string "***"; give an http or https URL'],
    [SECRET, 'alertTargets[0]: string "***"; give "terminal"'],
    [{ type: SECRET }, 'alertTargets[0].type: string "***"'],
    [{ type: 'slack', webhook: SECRET }, 'alertTargets[0].webhook: string "***"; there is no such option'],
    [{ type: 'slack', url: 7 }, 'alertTargets[0].url: number 7; give a string'],
    [{ type: 'slack', urls: SECRET }, 'there is no such option (did you mean "url"?)'],
    [{ type: 'email', url: 'smtp://h' }, 'alertTargets[0].to: undefined; give an email address'],
    [{ type: 'email', url: 'smtp://h', to: 'a@b\nBcc: c@d' }, 'alertTargets[0].to:'],
    [
      { type: 'email', url: 'smtp://u:S3%CR3T@h', to: 'a@b' },
      'alertTargets[0].url: string "***"; write "%" in its user name or password as "%25"',
    ],
    [{ type: 'email', url: 'https://u:S3CR3T@h', to: 'a@b' }, 'give smtp://user:password@host:587'],
    [{ type: 'webhook', url: SECRET, headers: { a: 1 } }, 'alertTargets[0].headers.a: number 1'],
    [
      { type: 'webhook', url: SECRET, template: { a: ['{{title}}', 'x {{titel}}'] } },
      'alertTargets[0].template.a[1]: string "x {{titel}}"; {{titel}} is none of id, rule, title',
    ],
    [{ type: 'webhook', url: SECRET, template: '{{ run.nam }}' }, 'did you mean "run.name"?'],
    [{ type: 'slack', url: SECRET, name: 'a/b' }, 'alertTargets[0].name: string "a/b"; replace "/"'],
  ])('the target %j', (given, problem) => {
    expect(target(given).join('\n')).toContain(problem)
  })

  test('an address in the environment is checked too, and not shown', () => {
    expect(target('slack', { OFFSTEP_SLACK_WEBHOOK: 'S3CR3T' })).toEqual([
      'environment variable OFFSTEP_SLACK_WEBHOOK: string (hidden); give an http or https URL',
    ])
  })

  test('all of them, in one', () => {
    const wrong = { alerts: [{ when: 'x' }, { when: 'y' }], alertTargets: ['z'], onAlert: 'w', projct: 1 }
    expect(problemsOf(wrong)).toHaveLength(5)
  })

  test('two targets of one name, and a sink with a name of ours', () => {
    const slack = { type: 'slack', url: SECRET }
    expect(problemsOf({ alertTargets: [slack, slack] })).toEqual([
      'alertTargets[1].name: string "slack"; give each target a name of its own',
    ])
    for (const name of ['alerts', 'alert-x'])
      expect(problemsOf({ sinks: [{ module: './x.js', name }] })[0]).toContain('give another name')
  })

  test('a rule about GPUs where the monitor is off', () => {
    const alerts = [{ when: 'gpu-idle' }]
    expect(problemsOf({ alerts, monitor: { system: false } })).toHaveLength(1)
    expect(problemsOf({ alerts })).toEqual([])
  })
})

const sinksOf = (input: object, env = {}) =>
  resolveOptions(input, env).sinks.filter(({ name }) => name.startsWith('alert'))

test('without an option about alerts there is no sink for them', () => {
  expect(sinksOf({})).toEqual([])
})

test('each target is a sink, with its secrets under a name that no file gets', () => {
  const sinks = sinksOf(
    {
      alerts: [{ when: 'plateau', metric: 'accuracy', steps: 10 }],
      alertTargets: [
        'discord',
        { type: 'webhook', name: 'ours', url: SECRET, headers: { 'x-key': 'S3CR3T' }, template: { a: 1 } },
      ],
    },
    { OFFSTEP_DISCORD_WEBHOOK: SECRET },
  )
  expect(sinks.map(({ name }) => name)).toEqual(['alerts', 'alert-discord', 'alert-ours'])
  expect(sinks[1]!.options.target).toEqual({
    type: 'discord',
    name: 'discord',
    env: 'OFFSTEP_DISCORD_WEBHOOK',
  })
  expect(sinks[2]!.options.secrets).toEqual({ url: SECRET, headers: { 'x-key': 'S3CR3T' } })
  const { secrets: _, ...shown } = sinks[2]!.options
  expect(JSON.stringify([sinks[0], sinks[1], shown])).not.toContain('S3CR3T')
  expect(sinks[0]!.options.rules).toEqual([
    {
      when: 'plateau',
      metric: 'accuracy',
      steps: 10,
      level: 'warn',
      coolDownMs: 600_000,
      stop: false,
      minDelta: 0,
      goal: 'maximize',
    },
  ])
})

test('resolved options cross threads, whatever onAlert is', () => {
  const resolved = resolveOptions({ onAlert: () => {}, alerts: [{ when: 'nan' }] }, {})
  expect(structuredClone(resolved)).toEqual(resolved)
})

test('an offline run has no target on the network, and needs no address', () => {
  const [local, ...others] = sinksOf({ mode: 'offline', alertTargets: ['terminal', 'slack'] })
  expect(others).toEqual([])
  expect(local!.options).toMatchObject({ terminal: true, left: ['slack'] })
})

test('a saved configuration has the rules and targets, and none of their secrets', () => {
  const file = join(temporaryDirectory(), 'config.json')
  const alertTargets = [{ type: 'webhook' as const, url: SECRET, headers: { a: 'S3CR3T' }, name: 'ours' }]
  const { leftOut } = saveConfig({ alerts: [{ when: 'nan' }], alertTargets, onAlert: () => {} }, file)
  expect(leftOut).toEqual(['alertTargets[0].url', 'alertTargets[0].headers'])
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    alerts: [{ when: 'nan' }],
    alertTargets: [{ type: 'webhook', name: 'ours' }],
  })
})

test('what run.json keeps of the options are options again, for a run that goes on', () => {
  const given = {
    alerts: [
      { when: 'nan' as const, metric: 'loss' },
      { when: 'finished' as const },
      { when: 'overfitting' as const },
      { when: 'threshold' as const, metric: 'x', above: 1, targets: ['slack'], stop: true },
    ],
    alertTargets: ['terminal' as const, 'slack' as const],
  }
  const env = { OFFSTEP_SLACK_WEBHOOK: SECRET }
  const sinks = sinksOf(given, env).map((sink) => ({
    ...sink,
    options: { ...sink.options, secrets: undefined },
  }))
  const again = sinksOf(alertOptionsOf(JSON.parse(JSON.stringify(sinks))), env)
  expect(again[0]!.options).toMatchObject({ rules: (sinks[0]!.options as { rules?: unknown }).rules })
  expect(again[1]!.options).toMatchObject({ target: (sinks[1]!.options as { target?: unknown }).target })
  expect(alertOptionsOf([])).toEqual({})
})
