import { parseOptions } from '../../file/parse-options.js'
import { pause } from '../../http/pause.js'
import type { SinkContext } from '../../sink.js'
import { type MlflowMode, type MlflowOptions, mlflowOptions } from './options.js'

/** What a run is at MLflow: the sink's options, then the environment, then the run itself. */
export interface MlflowSettings {
  readonly mode: MlflowMode
  /** As it was given; checked when it is needed: see tracking-uri.ts. */
  readonly trackingUri: string | undefined
  /** A name, or the id of one that is there. */
  readonly experiment: { readonly name: string } | { readonly id: string }
  /** The experiment is an option, or a variable, and not only the run's project. */
  readonly experimentGiven: boolean
  /** Of a run that is there; undefined: a new one. */
  readonly runId: string | undefined
  /** Undefined: the run's own. */
  readonly name: string | undefined
  readonly notes: string | undefined
  readonly tags: { readonly [key: string]: string }
  readonly parentRun: string | undefined
  readonly silent: boolean
  /** The options alone: variables are read when they are needed. */
  readonly credentials: Pick<MlflowOptions, 'username' | 'password' | 'token'>
}

const RUN_ID = /^[a-zA-Z0-9][\w-]{0,255}$/
const MAX_EXPERIMENT_NAME = 500

/** Throws a `pause` SinkError that names what is wrong. */
export function mlflowSettings(
  context: Pick<SinkContext, 'options' | 'project'>,
  env: NodeJS.ProcessEnv,
): MlflowSettings {
  const options: MlflowOptions = parseOptions('mlflow', mlflowOptions, context.options)
  const variable = (name: string) => env[name]?.trim() || undefined
  const { username, password, token } = options
  return {
    mode: options.mode ?? 'online',
    trackingUri: options.trackingUri ?? variable('MLFLOW_TRACKING_URI'),
    ...experimentOf(options, variable, context.project),
    runId: checkedRunId(options.runId ?? variable('MLFLOW_RUN_ID'), 'run (MLFLOW_RUN_ID)'),
    name: options.name,
    notes: options.notes,
    tags: options.tags ?? {},
    parentRun: checkedRunId(options.parentRun, 'parent run (parentRun)'),
    silent: options.silent ?? false,
    credentials: { ...(username && { username }), ...(password && { password }), ...(token && { token }) },
  }
}

function experimentOf(
  { experiment, experimentId }: MlflowOptions,
  variable: (name: string) => string | undefined,
  project: string,
): Pick<MlflowSettings, 'experiment' | 'experimentGiven'> {
  const given = (wanted: MlflowSettings['experiment']) => ({ experiment: wanted, experimentGiven: true })
  if (experimentId !== undefined) return given({ id: experimentId })
  if (experiment !== undefined) return given({ name: checkedName(experiment) })
  const id = variable('MLFLOW_EXPERIMENT_ID')
  if (id !== undefined) return given({ id })
  const name = variable('MLFLOW_EXPERIMENT_NAME')
  if (name !== undefined) return given({ name: checkedName(name) })
  return { experiment: { name: checkedName(project) }, experimentGiven: false }
}

function checkedName(name: string): string {
  if (name.length <= MAX_EXPERIMENT_NAME) return name
  throw pause(
    'MLFLOW_EXPERIMENT',
    `an experiment's name has ${MAX_EXPERIMENT_NAME} characters at most: shorten it`,
  )
}

function checkedRunId(id: string | undefined, what: string): string | undefined {
  if (id === undefined || RUN_ID.test(id)) return id
  throw pause(
    'MLFLOW_RUN_ID',
    `"${id.slice(0, 100)}" cannot be the id of a ${what}: give one that MLflow shows`,
  )
}
