import { Piscina } from 'piscina'

/** Set in every thread of ours, so that an `--import` preload that calls `init()` there gets a disabled run. */
export const INTERNAL_THREAD = 'OFFSTEP_INTERNAL_THREAD'

interface PoolOptions {
  readonly minThreads?: number
  readonly maxThreads: number
  /** Young generation of each thread, in MiB: bounds what short-lived strings and buffers may pile up to. */
  readonly youngGenerationMb: number
}

/**
 * A pool of ours. `atomics: 'disabled'`: the default blocks a thread's event loop between tasks, and with it
 * keep-alive sockets and timers. `execArgv: []`: the application's preloads are not for our threads.
 */
export function createPool(
  entry: string,
  { minThreads = 1, maxThreads, youngGenerationMb }: PoolOptions,
): Piscina {
  return new Piscina({
    filename: entry,
    minThreads,
    maxThreads,
    atomics: 'disabled',
    idleTimeout: Number.POSITIVE_INFINITY,
    recordTiming: false,
    execArgv: [],
    env: { ...process.env, [INTERNAL_THREAD]: '1' } as Record<string, string>,
    resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
  })
}
