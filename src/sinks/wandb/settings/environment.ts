import { SinkError } from '../../errors.js'
import { MODES, RESUMES, type WandbMode, type WandbOptions, type WandbResume } from './options.js'

/** What the variables of W&B's own clients say; they mean here what they mean there. */
export type WandbEnvironment = Omit<WandbOptions, 'timeoutMs'>

/** Other words for a mode. A run that several processes share is an online one. */
const OTHER_MODES: { readonly [value: string]: WandbMode } = {
  dryrun: 'offline',
  run: 'online',
  shared: 'online',
}

/** Reads the variables. An empty one counts as not set. Throws a `pause` SinkError for a word that is none. */
export function readEnvironment(env: NodeJS.ProcessEnv): WandbEnvironment {
  const given = (name: string) => env[name]?.trim() || undefined
  const mode = given('WANDB_MODE')
  const silent = given('WANDB_SILENT')
  return {
    mode: mode === undefined ? undefined : (OTHER_MODES[mode] ?? oneOf(MODES, 'WANDB_MODE', mode)),
    baseUrl: given('WANDB_BASE_URL'),
    apiKey: given('WANDB_API_KEY'),
    entity: given('WANDB_ENTITY'),
    project: given('WANDB_PROJECT'),
    id: given('WANDB_RUN_ID'),
    resume: resumeOf(given('WANDB_RESUME')),
    name: given('WANDB_NAME'),
    notes: given('WANDB_NOTES'),
    tags: given('WANDB_TAGS')
      ?.split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
    group: given('WANDB_RUN_GROUP'),
    jobType: given('WANDB_JOB_TYPE'),
    dir: given('WANDB_DIR'),
    silent: silent === undefined ? undefined : isTrue(silent),
  }
}

const isTrue = (value: string): boolean => ['true', '1', 'yes', 'on'].includes(value.toLowerCase())

function resumeOf(value: string | undefined): WandbResume | undefined {
  return value === undefined ? undefined : oneOf(RESUMES, 'WANDB_RESUME', value)
}

function oneOf<T extends string>(words: readonly T[], name: string, value: string): T {
  const found = words.find((word) => word === value)
  if (found !== undefined) return found
  throw new SinkError('pause', 'WANDB_ENVIRONMENT', `${name} is "${value}": give ${words.join(', ')}`)
}
