import type { BuiltInSink, PresetName, ResolvedOptions } from './options.js'

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB

/** What they hold is loaded where one is named: presets.ts. */
export const PRESET_NAMES = [
  'basic',
  'full',
  'stability',
  'benchmark',
  'production',
] as const satisfies readonly PresetName[]

/** What `init()` uses for every option that is not given. `name` and `dir` are worked out from the others. */
export const DEFAULT_OPTIONS = {
  project: 'default',
  name: 'run',
  dir: './runs',
  mode: 'online',
  config: {},
  tags: [],
  notes: '',
  group: null,
  jobType: null,
  id: null,
  sinks: (['jsonl', 'csv', 'tensorboard'] satisfies BuiltInSink[]).map((name) => ({
    name,
    module: null,
    export: 'default',
    options: {},
  })),
  goals: {},
  checkpoints: {
    every: { steps: 0, minutes: 0, epochs: 0 },
    keepLast: 3,
    keepBest: 1,
    keepEvery: 0,
    metric: null,
    mode: null,
    compression: 'none',
    maxInFlight: 2,
    whenFull: 'wait',
    maxWaitMs: 60_000,
    minFreeBytes: 0,
  },
  // 8 MiB holds about 100,000 rows of five metrics: some seconds of a very fast loop.
  ring: { capacityBytes: 8 * MIB, whenFull: 'drop', maxCapacityBytes: 64 * MIB, maxBlockMs: 100 },
  journal: { segmentBytes: 64 * MIB, syncIntervalMs: 1000 },
  disk: { minFreeBytes: 0 },
  limits: { maxMetrics: 100_000, maxNameBytes: 1024 },
  captureConsole: false,
  monitor: { systemMs: 10_000, systemGc: false },
  plots: null,
  plotEvery: 0,
  recover: true,
  exitTimeoutMs: 2000,
  handleSignals: true,
  git: true,
  workerUrl: null,
} as const satisfies ResolvedOptions
