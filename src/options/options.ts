import type { AlertRule, AlertTarget, OnAlert } from '../alerts/types.js'
import type { WhenFull } from '../ring/layout.js'
import type { ResolvedSystemMonitor, SystemMonitorOptions } from './system-monitor.js'

/** `offline` writes files only and leaves network sinks for `offstep sync`; `disabled` makes every call a no-op. */
export type RunMode = 'online' | 'offline' | 'disabled'
/** What a producer does when its ring has no room for a row. */
export type { WhenFull }
export type Goal = 'minimize' | 'maximize'
/** Sinks that a name selects. `summary` is not among them: it always runs. */
export type BuiltInSink = 'jsonl' | 'csv' | 'tensorboard' | 'console' | 'log' | 'wandb' | 's3' | 'mlflow'

/** A set of options under a name: see presets.ts. */
export type PresetName = 'basic' | 'full' | 'stability' | 'benchmark' | 'production'

/** A built-in sink by name; with options of its own; or a sink of yours, loaded on a pool thread. */
export type SinkOption =
  | BuiltInSink
  | { readonly type: BuiltInSink; readonly [option: string]: unknown }
  | {
      /** A package name, a path (relative to the working directory), or a URL. */
      readonly module: string | URL
      /** Names the sink in `status()` and its cursor file. Unique in the run. */
      readonly name: string
      /** The export that is a sink factory. Default `default`. */
      readonly export?: string | undefined
      readonly [option: string]: unknown
    }

/** What `init()` takes. Every option may be left out; an unknown one is an error. */
export interface RunOptions {
  /** A set of options that what is given here is laid over. Default: `OFFSTEP_PRESET`, else none. */
  readonly preset?: PresetName | undefined
  /** A directory of runs that belong together. Default `default`. */
  readonly project?: string | undefined
  /** The run's name for people, and the start of its id. Default: the project's name, else `run`. */
  readonly name?: string | undefined
  /** Where runs are written. Default: `OFFSTEP_DIR`, else `./runs`. Made absolute at once. */
  readonly dir?: string | undefined
  /** Default: `OFFSTEP_MODE`, else `online`. */
  readonly mode?: RunMode | undefined
  /** Hyper-parameters: anything that JSON can hold, and dates, maps, sets, bigints, NaN. Copied at once. */
  readonly config?: object | undefined
  readonly tags?: readonly string[] | undefined
  readonly notes?: string | undefined
  /** Runs of one experiment, to be compared or averaged. */
  readonly group?: string | undefined
  /** The run's part in its group: `train`, `eval`. */
  readonly jobType?: string | undefined
  /** A fixed run id. Default: `{name}_{date}_{time}_{git commit}`. */
  readonly id?: string | undefined
  /** Default `['jsonl', 'csv', 'tensorboard']`. */
  readonly sinks?: readonly SinkOption[] | undefined
  /** Rules that tell when something goes wrong, or is over. See docs/alerts.md. */
  readonly alerts?: readonly AlertRule[] | undefined
  /** Where alerts go, beside the log, W&B and `onAlert`. Default `['terminal']`. */
  readonly alertTargets?: readonly AlertTarget[] | undefined
  /** Called for each alert, from the event loop of the thread that calls `init()`. What it throws is warned of once. */
  readonly onAlert?: OnAlert | undefined
  /** Which way each metric gets better, by metric name. */
  readonly goals?: { readonly [metric: string]: Goal } | undefined
  readonly checkpoints?: CheckpointOptions | undefined
  /** The shared memory between a producing thread and the drain; one ring a thread. */
  readonly ring?:
    | {
        /** A power of two, 64 KiB to 1 GiB. Default 8 MiB. */
        readonly capacityBytes?: number | undefined
        /** Default `drop`: the row is counted and lost. */
        readonly whenFull?: WhenFull | undefined
        /** `grow`: the largest ring. A power of two. Default 64 MiB. */
        readonly maxCapacityBytes?: number | undefined
        /** `block`: the longest a log call, of media too, waits before it drops, in ms. Default 100. */
        readonly maxBlockMs?: number | undefined
      }
    | undefined
  readonly journal?:
    | {
        /** A journal file rolls at this size, 1 MiB to 1 GiB. Default 64 MiB. */
        readonly segmentBytes?: number | undefined
        /** The most that a power cut can take, in ms. Default 1000. */
        readonly syncIntervalMs?: number | undefined
      }
    | undefined
  readonly disk?:
    | {
        /**
         * Room to leave on the disk for others, such as checkpoints. Below it the sinks that can be rebuilt wait,
         * below half of it the journal too, and go on by themselves when there is room again. Default 0: wait
         * only when the disk is full.
         */
        readonly minFreeBytes?: number | undefined
      }
    | undefined
  readonly limits?:
    | {
        /** Distinct metric names of a run. Default 100,000. */
        readonly maxMetrics?: number | undefined
        /** UTF-8 bytes of one metric name. Default 1024. */
        readonly maxNameBytes?: number | undefined
      }
    | undefined
  /**
   * Keep what the process prints (`process.stdout`, `process.stderr`) as records of the run. Default: true where a
   * sink is there that shows it (`wandb`, `log`).
   */
  readonly captureConsole?: boolean | undefined
  readonly monitor?:
    | {
        /**
         * Samples of CPU, memory, disk, network, GPUs and the event loop, taken on the tracker's thread: records of the
         * run, and `run.system()`. Default: `OFFSTEP_SYSTEM_MS`, else every 10,000 ms. See docs/system-metrics.md.
         */
        readonly system?: boolean | SystemMonitorOptions | undefined
      }
    | undefined
  /**
   * Draw the standard plots into `plots/` at `finish()`, off the training thread and within its deadline. Default: where
   * the run lasted ten seconds or more, and did not end by a signal.
   */
  readonly plots?: boolean | undefined
  /** Draw them also while the run lives, so often, in ms. Default 0: not. */
  readonly plotEvery?: number | undefined
  /** Complete, beside this run, earlier runs of the same directory that died or were left undelivered. Default true. */
  readonly recover?: boolean | undefined
  /** How long the exit of the process may wait for the drain, in ms. Default 2000. */
  readonly exitTimeoutMs?: number | undefined
  /** End the run as `killed` on SIGINT, SIGTERM and SIGHUP. Default true. */
  readonly handleSignals?: boolean | undefined
  /** Record commit, branch and remote of the working directory's repository. Default true. */
  readonly git?: boolean | undefined
  /** URL or path of the daemon's entry file, where a bundler has moved it. */
  readonly workerUrl?: string | URL | undefined
}

/** When `run.checkpoints` saves, and what it keeps. */
export interface CheckpointOptions {
  /** When `shouldSave()` says so: every so many steps; or steps, minutes and epochs, whichever comes first. */
  readonly every?:
    | number
    | {
        readonly steps?: number | undefined
        readonly minutes?: number | undefined
        readonly epochs?: number | undefined
      }
    | undefined
  /** The newest ones that are kept, by step. Default 3. */
  readonly keepLast?: number | undefined
  /** The best ones that are kept, by `metric`. Default 1. */
  readonly keepBest?: number | undefined
  /** Keeps those whose step is a multiple of it. Default 0: none for that. */
  readonly keepEvery?: number | undefined
  /** Which of the metrics given to `save()` says what is best. Default: the first that has a goal. */
  readonly metric?: string | undefined
  /** Default: as `goals` or the metric's name say, else `min`. */
  readonly mode?: 'min' | 'max' | undefined
  /** Default `none`: the weights are then files that every reader of safetensors reads. */
  readonly compression?: 'none' | 'gzip' | 'brotli' | undefined
  /** Saves that may be on their way at once; their copies are in memory. Default 2. */
  readonly maxInFlight?: number | undefined
  /** What a further `save()` does: wait until one is done, or leave it out. Default `wait`. */
  readonly whenFull?: 'wait' | 'skip' | undefined
  /** The longest that it waits, in ms; then it leaves it out. Default 60,000. */
  readonly maxWaitMs?: number | undefined
  /** Room to leave on the disk: a checkpoint that would take it is not written. Default 0. */
  readonly minFreeBytes?: number | undefined
}

export interface ResolvedSink {
  readonly name: string
  /** URL or package name of a custom sink; null for a built-in one. */
  readonly module: string | null
  readonly export: string
  readonly options: { readonly [option: string]: unknown }
}

/** Checked and complete options. Survives structured clone: it goes to the daemon as `workerData`. */
export interface ResolvedOptions {
  readonly project: string
  readonly name: string
  /** Absolute path. */
  readonly dir: string
  readonly mode: RunMode
  readonly config: { readonly [key: string]: unknown }
  readonly tags: readonly string[]
  readonly notes: string
  readonly group: string | null
  readonly jobType: string | null
  readonly id: string | null
  readonly sinks: readonly ResolvedSink[]
  readonly goals: { readonly [metric: string]: Goal }
  readonly checkpoints: {
    readonly every: { readonly steps: number; readonly minutes: number; readonly epochs: number }
    readonly keepLast: number
    readonly keepBest: number
    readonly keepEvery: number
    readonly metric: string | null
    readonly mode: 'min' | 'max' | null
    readonly compression: 'none' | 'gzip' | 'brotli'
    readonly maxInFlight: number
    readonly whenFull: 'wait' | 'skip'
    readonly maxWaitMs: number
    readonly minFreeBytes: number
  }
  readonly ring: {
    readonly capacityBytes: number
    readonly whenFull: WhenFull
    readonly maxCapacityBytes: number
    readonly maxBlockMs: number
  }
  readonly journal: { readonly segmentBytes: number; readonly syncIntervalMs: number }
  readonly disk: { readonly minFreeBytes: number }
  readonly limits: { readonly maxMetrics: number; readonly maxNameBytes: number }
  readonly captureConsole: boolean
  readonly monitor: ResolvedSystemMonitor
  /** Null: where the run is long enough. */
  readonly plots: boolean | null
  readonly plotEvery: number
  readonly recover: boolean
  readonly exitTimeoutMs: number
  readonly handleSignals: boolean
  readonly git: boolean
  /** A `file:` or `data:` URL. */
  readonly workerUrl: string | null
}
