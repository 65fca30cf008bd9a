import type { RunOptions, SinkOption } from '../../options/options.js'

/** As @wandb/sdk has it; each part may be left out. */
export interface Settings {
  /** WANDB_API_KEY, or the file that `wandb login` writes. Never shown: `run.settings` is without it. */
  apiKey?: string
  /** WANDB_BASE_URL; by default https://api.wandb.ai. */
  baseUrl: string
  offline?: boolean
  /** WANDB_SILENT: `finish()` prints nothing. */
  silent?: boolean
  /** How long `finish()` may take, in seconds. What is left stays in the journal. Default 30. */
  finish_timeout?: number
}

/** What is offstep's own about a run. */
export type OffstepOptions = Omit<
  RunOptions,
  'project' | 'name' | 'config' | 'id' | 'mode' | 'dir' | 'sinks'
> & {
  /** Further sinks, such as `'jsonl'`, beside W&B. */
  readonly sinks?: readonly SinkOption[]
}

/** What `init()` takes: the options of @wandb/sdk, and those that W&B's Python client has beside them. */
export interface InitOptions {
  project?: string
  entity?: string
  /** The run's id at W&B. By default offstep's own. */
  id?: string
  name?: string
  /** Hyper-parameters: an object. Functions in it are left out. */
  config?: unknown
  group?: string
  job_type?: string
  jobType?: string
  tags?: readonly string[]
  /** Where offstep keeps its runs; offline runs for `wandb sync` are in `wandb/` below it. */
  dir?: string
  /** `true` and `'auto'`, `'allow'`, `'must'`, `'never'`. */
  resume?: boolean | string
  /** `online`, `offline` (`dryrun`) or `disabled`. */
  mode?: string
  notes?: string
  /** Taken and not used: no code is uploaded. */
  save_code?: boolean
  settings?: Partial<Settings>
  offstep?: OffstepOptions
}

export interface LoginArgs {
  key?: string
  /** Address of the server's API. */
  host?: string
  /** Taken and not used: nothing is asked at a terminal. */
  relogin?: boolean
  timeout?: number
}

/** `run.config` and `run.summary`: setting a property, or several by `update()`, tells W&B. */
export interface LiveValues {
  [name: string]: unknown
  update(values: { readonly [name: string]: unknown }, options?: unknown): void
}

export interface AlertArgs {
  title: string
  text?: string
  /** `AlertLevel`, or its word in any case. */
  level?: string
  /** In seconds. */
  wait_duration?: number
  /** In seconds. */
  waitDuration?: number
}

export interface DefineMetricArgs {
  stepMetric?: string
  step_metric?: string
  stepSync?: boolean
  step_sync?: boolean
  hidden?: boolean
  /** `'min'`, `'min,max'` or `['min', 'max']`. */
  summary?: string | readonly string[]
  goal?: 'minimize' | 'maximize'
}

export interface LogArtifactArgs {
  name?: string
  type?: string
  aliases?: readonly string[]
}

export interface SaveArgs {
  /** The part of the path that is left out at W&B. By default a relative path is kept. */
  basePath?: string
  base_path?: string
}
