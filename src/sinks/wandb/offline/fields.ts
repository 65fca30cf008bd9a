/**
 * Field numbers of W&B's records, and of the messages in them, as of its client 0.30.0
 * (wandb/proto/wandb_internal.proto).
 */
export const RECORD = {
  num: 1,
  history: 2,
  summary: 3,
  config: 5,
  files: 6,
  stats: 7,
  artifact: 8,
  alert: 10,
  metric: 12,
  outputRaw: 13,
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

export const FILES = { files: 1 } as const
export const FILES_ITEM = { path: 1, policy: 2, type: 3 } as const
/** Upload it at once, and not when the run ends. */
export const POLICY_NOW = 0
export const FILE_TYPE = { other: 0, media: 2 } as const

export const STATS = { timestamp: 2, item: 3 } as const
export const STATS_ITEM = { key: 1, valueJson: 16 } as const

export const OUTPUT_RAW = { type: 1, timestamp: 2, line: 3 } as const
export const OUTPUT_TYPE = { stderr: 0, stdout: 1 } as const

/** `waitDuration`: milliseconds. */
export const ALERT = { title: 1, text: 2, level: 3, waitDuration: 4 } as const

export const METRIC = {
  name: 1,
  globName: 2,
  stepMetric: 4,
  options: 6,
  summary: 7,
  goal: 8,
  control: 9,
  expandedFromGlob: 10,
} as const
export const METRIC_OPTIONS = { stepSync: 1, hidden: 2, defined: 3 } as const
export const METRIC_SUMMARY = {
  min: 1,
  max: 2,
  mean: 3,
  best: 4,
  last: 5,
  none: 6,
  copy: 7,
  first: 8,
} as const
export const METRIC_GOAL = { minimize: 1, maximize: 2 } as const
export const METRIC_CONTROL = { overwrite: 1 } as const

export const ARTIFACT = {
  runId: 1,
  project: 2,
  entity: 3,
  type: 4,
  name: 5,
  digest: 6,
  description: 7,
  metadata: 8,
  aliases: 11,
  manifest: 12,
  finalize: 14,
  clientId: 15,
  sequenceClientId: 16,
  digestAlgorithm: 20,
} as const
export const MANIFEST = { version: 1, storagePolicy: 2, storagePolicyConfig: 3, contents: 4 } as const
export const MANIFEST_CONFIG = { key: 1, valueJson: 2 } as const
export const MANIFEST_ENTRY = { path: 1, digest: 2, ref: 3, size: 4, localPath: 6, skipCache: 8 } as const

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
