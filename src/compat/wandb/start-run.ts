import { join } from 'node:path'
import { nameProblem } from '../../options/names.js'
import type { RunOptions } from '../../options/options.js'
import { init } from '../../run/init.js'
import { plainOf } from '../../run/media/plain.js'
import type { Run as OffstepRun } from '../../run/run.js'
import { MODES, RESUMES, type WandbOptions } from '../../sinks/wandb/settings/options.js'
import { type WandbSettings, wandbSettings } from '../../sinks/wandb/settings/settings.js'
import { tell } from './tell.js'
import type { InitOptions } from './types.js'

/** Where W&B puts runs of no project. */
const NO_PROJECT = 'uncategorized'

export interface StartedRun {
  readonly offstep: OffstepRun
  readonly name: string
  /** As the sink has them; null where an option or variable is wrong, which the sink tells. */
  readonly settings: WandbSettings | null
  readonly config: { readonly [name: string]: unknown }
}

/**
 * Starts an offstep run whose sink is W&B. Returns before any I/O. Throws an OptionsError where `dir` or
 * `offstep` is wrong. `login`: what `login()` was given.
 */
export function startRun(options: InitOptions, login: Pick<WandbOptions, 'apiKey' | 'baseUrl'>): StartedRun {
  const sink = sinkOptions(options, login)
  const settings = settingsOf(sink, process.env)
  const project = settings?.project ?? NO_PROJECT
  const name = settings?.name ?? project
  const { sinks = [], ...own } = options.offstep ?? {}
  const config = configOf(options.config)
  const dir = textOf(options.dir)
  const run: RunOptions = {
    ...own,
    // @wandb/sdk takes any number of rows at once.
    ring: { whenFull: 'grow', ...own.ring },
    project: directoryName(project) ?? NO_PROJECT,
    name: directoryName(name),
    dir: dir === undefined ? undefined : join(dir, 'runs'),
    mode: settings?.mode === 'disabled' ? 'disabled' : undefined,
    config,
    sinks: [...sinks, { type: 'wandb', ...sink }],
  }
  return { offstep: init(run), name, settings, config }
}

/** The options that are given; the environment and the run decide the others. */
function sinkOptions(options: InitOptions, login: Pick<WandbOptions, 'apiKey' | 'baseUrl'>): WandbOptions {
  const { settings = {}, tags } = options
  const all: { readonly [Name in keyof WandbOptions]: WandbOptions[Name] | undefined } = {
    mode: settings.offline === true ? 'offline' : modeOf(options.mode),
    baseUrl: textOf(settings.baseUrl) ?? login.baseUrl,
    apiKey: textOf(settings.apiKey) ?? login.apiKey,
    entity: textOf(options.entity),
    project: textOf(options.project),
    id: textOf(options.id),
    resume: resumeOf(options.resume),
    name: textOf(options.name),
    notes: textOf(options.notes),
    tags: tags === undefined || tags === null ? undefined : [tags].flat().map(String),
    group: textOf(options.group),
    jobType: textOf(options.jobType ?? options.job_type),
    dir: textOf(options.dir),
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function settingsOf(options: WandbOptions, env: NodeJS.ProcessEnv): WandbSettings | null {
  try {
    return wandbSettings({ options, project: NO_PROJECT, runId: '' }, env)
  } catch {
    // The sink comes to the same, and says so.
    return null
  }
}

function modeOf(mode: string | undefined): WandbOptions['mode'] {
  const word = textOf(mode)
  if (word === undefined) return undefined
  if (word === 'dryrun') return 'offline'
  if (word === 'run' || word === 'shared') return 'online'
  const found = MODES.find((known) => known === word)
  if (found === undefined) tell('mode', `mode is "${word}" and not used: give ${MODES.join(', ')}`)
  return found
}

function resumeOf(resume: boolean | string | undefined): WandbOptions['resume'] {
  if (resume === true) return 'auto'
  const word = resume === false ? undefined : textOf(resume)
  if (word === undefined) return undefined
  const found = RESUMES.find((known) => known === word)
  if (found === undefined) tell('resume', `resume is "${word}" and not used: give ${RESUMES.join(', ')}`)
  return found
}

function configOf(config: unknown): { readonly [name: string]: unknown } {
  if (config === undefined || config === null) return {}
  const plain = plainOf(config)
  if (typeof plain === 'object' && plain !== null && !Array.isArray(plain)) return { ...plain }
  tell('config', 'config is no object and not used: give one such as { lr: 1e-3 }')
  return {}
}

/** W&B takes any text as a name; a directory does not. */
function directoryName(text: string): string | undefined {
  const name = [...text.replace(/[/\\\p{Cc}\p{Cs}\u2028\u2029]/gu, '-')].slice(0, 60).join('').trim()
  return nameProblem(name) === null ? name : undefined
}

/** An empty text counts as none, as at W&B. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
