/**
 * Sets of options under a name. What is given beside a preset wins over it, option by option; what a preset does not
 * say has its default. None of them costs the training thread anything: they differ in what the other threads do.
 */
import { GIB, MIB } from './defaults.js'
import type { Env } from './env-options.js'
import { mergeOptions } from './merge.js'
import type { PresetName, RunOptions, SinkOption } from './options.js'

export interface Preset {
  /** For whom it is, in a sentence. */
  readonly about: string
  readonly options: (env: Env) => Omit<RunOptions, 'preset'>
}

const FILES: readonly SinkOption[] = ['jsonl', 'csv', 'tensorboard']
const FILES_AND_LOG: readonly SinkOption[] = [...FILES, 'log']

export const PRESETS: { readonly [Name in PresetName]: Preset } = {
  basic: {
    about: 'Files only: no monitor, nothing captured, no network.',
    options: () => ({ sinks: FILES, captureConsole: false, monitor: { system: false } }),
  },
  full: {
    about: 'Everything that costs the training thread nothing; W&B and MLflow where they are set up.',
    options: (env) => ({
      sinks: [...FILES_AND_LOG, ...trackers(env)],
      captureConsole: true,
      monitor: { system: { everyMs: 10_000 } },
      plots: true,
      plotEvery: 300_000,
    }),
  },
  stability: {
    about:
      'For finding what makes a training diverge: rings that grow, alerts for NaN, everything printed is kept.',
    options: () => ({
      sinks: FILES_AND_LOG,
      ring: { capacityBytes: 16 * MIB, whenFull: 'grow', maxCapacityBytes: 256 * MIB },
      alerts: [{ when: 'nan' }, { when: 'overfitting' }, { when: 'slow' }],
      // The rows just before a crash of the machine are the ones that tell.
      journal: { syncIntervalMs: 250 },
      captureConsole: true,
      monitor: { system: { everyMs: 5000 } },
      plots: true,
    }),
  },
  benchmark: {
    about: 'As little as can be beside the work that is measured: the journal and metrics.jsonl.',
    options: () => ({
      sinks: ['jsonl'],
      captureConsole: false,
      monitor: { system: false },
      plots: false,
      plotEvery: 0,
      recover: false,
      git: false,
    }),
  },
  production: {
    about:
      'Runs of days, unattended: room for bursts, room left on the disk; W&B and MLflow where they are set up.',
    options: (env) => ({
      sinks: [...FILES_AND_LOG, ...trackers(env)],
      ring: { capacityBytes: 16 * MIB, whenFull: 'grow', maxCapacityBytes: 256 * MIB },
      disk: { minFreeBytes: GIB },
      alerts: [{ when: 'nan' }, { when: 'heartbeat' }, { when: 'disk-low' }, { when: 'sink-failing' }],
      captureConsole: true,
      monitor: { system: { everyMs: 30_000 } },
      plots: true,
      recover: true,
      exitTimeoutMs: 10_000,
      handleSignals: true,
    }),
  },
}

/** The options of a preset, here and now; undefined where there is none of that name. */
export function presetOptions(name: unknown, env: Env): Omit<RunOptions, 'preset'> | undefined {
  if (typeof name !== 'string' || !Object.hasOwn(PRESETS, name)) return undefined
  return PRESETS[name as PresetName].options(env)
}

/** Options over those of the preset that they name. One that is not there is left to the check. */
export function withPreset(options: unknown, env: Env): unknown {
  const preset = presetOptions((options as { preset?: unknown } | null)?.preset, env)
  return preset === undefined ? options : mergeOptions(preset, options)
}

/** Trackers on the network that the environment is set up for: a preset sends nothing where nobody asked for it. */
function trackers(env: Env): SinkOption[] {
  const wandb = Boolean(env.WANDB_API_KEY) && env.WANDB_MODE?.trim() !== 'disabled'
  return [...(wandb ? ['wandb' as const] : []), ...(env.MLFLOW_TRACKING_URI ? ['mlflow' as const] : [])]
}
