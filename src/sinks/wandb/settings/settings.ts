import { SinkError } from '../../errors.js'
import { parseOptions } from '../../file/parse-options.js'
import type { SinkContext } from '../../sink.js'
import { readEnvironment, type WandbEnvironment } from './environment.js'
import { type WandbMode, type WandbOptions, type WandbResume, wandbOptions } from './options.js'
import { checkedRunId, runIdFrom } from './run-id.js'

const DEFAULT_BASE_URL = 'https://api.wandb.ai'

/** What a run is at W&B: the sink's options, then the environment, then the run itself. */
export interface WandbSettings {
  readonly mode: WandbMode
  /** Without a slash at the end. */
  readonly baseUrl: string
  /** Undefined: the server's default. */
  readonly entity: string | undefined
  readonly project: string
  readonly runId: string
  /** A person has chosen the id: a run with it may be there already. */
  readonly runIdGiven: boolean
  readonly resume: WandbResume | undefined
  /** Undefined: the run's own. */
  readonly name: string | undefined
  readonly notes: string | undefined
  readonly tags: readonly string[] | undefined
  readonly group: string | undefined
  readonly jobType: string | undefined
  /** The option alone: WANDB_API_KEY and netrc are read when a key is needed. */
  readonly apiKey: string | undefined
  readonly dir: string | undefined
  readonly silent: boolean
}

/** Throws a `pause` SinkError that names what is wrong. */
export function wandbSettings(
  context: Pick<SinkContext, 'options' | 'project' | 'runId'>,
  env: NodeJS.ProcessEnv,
): WandbSettings {
  const options: WandbOptions = parseOptions('wandb', wandbOptions, context.options)
  const environment: WandbEnvironment = readEnvironment(env)
  const pick = <Key extends keyof WandbEnvironment & keyof WandbOptions>(key: Key) =>
    options[key] ?? environment[key]
  const id = pick('id')
  return {
    mode: pick('mode') ?? 'online',
    baseUrl: checkedUrl(pick('baseUrl') ?? DEFAULT_BASE_URL),
    entity: pick('entity'),
    project: pick('project') ?? context.project,
    runId: id === undefined ? runIdFrom(context.runId) : checkedRunId(id),
    runIdGiven: id !== undefined,
    resume: pick('resume'),
    name: pick('name'),
    notes: pick('notes'),
    tags: pick('tags'),
    group: pick('group'),
    jobType: pick('jobType'),
    apiKey: options.apiKey,
    dir: pick('dir'),
    silent: pick('silent') ?? false,
  }
}

/** An address may hold a password: it is not repeated. */
function checkedUrl(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : null
  const fix = `give one such as ${DEFAULT_BASE_URL} (WANDB_BASE_URL)`
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new SinkError('pause', 'WANDB_BASE_URL', `the address of the W&B server is no web address: ${fix}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new SinkError('pause', 'WANDB_BASE_URL', `the address of the W&B server holds a user name: ${fix}`)
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}
