/**
 * Field numbers of W&B's records, and of the messages in them, as of its client 0.30.0
 * (wandb/proto/wandb_internal.proto).
 */
export const RECORD = {
  num: 1,
  history: 2,
  summary: 3,
  run: 17,
  exit: 18,
  header: 21,
  environment: 26,
} as const

export const HEADER = { versionInfo: 1 } as const
export const VERSION_INFO = { producer: 1, minConsumer: 2 } as const

export const RUN = {
  runId: 1,
  entity: 2,
  project: 3,
  config: 4,
  group: 6,
  jobType: 7,
  displayName: 8,
  notes: 9,
  tags: 10,
  host: 13,
  startTime: 17,
  git: 21,
} as const

export const TIMESTAMP = { seconds: 1, nanos: 2 } as const
export const GIT = { remote: 1, commit: 2 } as const

export const CONFIG = { update: 1 } as const
export const HISTORY = { item: 1, step: 2 } as const
export const HISTORY_STEP = { num: 1 } as const
export const SUMMARY = { update: 1 } as const
/** Of config, history and summary alike. */
export const ITEM = { key: 1, nestedKey: 2, valueJson: 16 } as const

export const EXIT = { exitCode: 1, runtime: 2 } as const

export const ENVIRONMENT = {
  os: 1,
  startedAt: 3,
  args: 5,
  program: 6,
  git: 9,
  root: 11,
  host: 12,
  username: 13,
  executable: 14,
  cpuCountLogical: 17,
  memory: 21,
  writerId: 199,
} as const
export const MEMORY = { total: 1 } as const
