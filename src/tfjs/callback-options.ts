import type { Guard } from '../guard/index.js'

export interface TrackerCallbackOptions {
  /**
   * Your copy of TensorFlow.js. Needed only where it is bundled or loaded in an unusual way: else the copy that is
   * loaded is found.
   */
  readonly tf?: object
  /** Put before every name: with `gan/`, `gan/batch/loss`. Default none. */
  readonly prefix?: string
  /** Every n-th batch gets a row; default 1. 0: only epochs do. */
  readonly logEvery?: number
  /** Batches that were trained before, by a run that is now resumed; default 0. */
  readonly startStep?: number
  /** Rows that are read back from the device together, 1 to 128; default 32. */
  readonly readEvery?: number
  /** The longest that a row waits to be read back, ms; default 1000. */
  readonly readIntervalMs?: number
  /**
   * How often the training lets the event loop turn, ms; default 125, which is what tfjs itself does where no
   * callback is given. Infinity: never.
   */
  readonly yieldEveryMs?: number
  /** Looks at all values; default one that warns. False: none. */
  readonly guard?: Guard | false
}

export interface CallbackSettings {
  readonly prefix: string
  readonly logEvery: number
  readonly startStep: number
  readonly readEvery: number
  readonly readIntervalMs: number
  readonly yieldEveryMs: number
}

const DEFAULTS: CallbackSettings = {
  prefix: '',
  logEvery: 1,
  startStep: 0,
  readEvery: 32,
  readIntervalMs: 1000,
  yieldEveryMs: 125,
}

/** A run reads what waits synchronously beyond 1,024 rows, which WebGPU cannot: several reads must fit below it. */
const MAX_READ_EVERY = 128

/** Throws a TypeError that lists every wrong option: this is before the training. */
export function readCallbackOptions(options: TrackerCallbackOptions): CallbackSettings {
  const settings = { ...DEFAULTS }
  for (const name of Object.keys(DEFAULTS) as (keyof CallbackSettings)[]) {
    if (options[name] !== undefined) Object.assign(settings, { [name]: options[name] })
  }
  const { prefix, logEvery, startStep, readEvery, readIntervalMs, yieldEveryMs } = settings
  const wrong = [
    typeof prefix !== 'string' && 'prefix must be a text',
    !(Number.isInteger(logEvery) && logEvery >= 0) && 'logEvery must be a whole number, 0 or more',
    !Number.isFinite(startStep) && 'startStep must be a finite number',
    !(Number.isInteger(readEvery) && readEvery >= 1 && readEvery <= MAX_READ_EVERY) &&
      `readEvery must be a whole number from 1 to ${MAX_READ_EVERY}`,
    !(readIntervalMs >= 0 && readIntervalMs < 2 ** 31) && 'readIntervalMs must be 0 or more',
    !(yieldEveryMs >= 0) && 'yieldEveryMs must be 0 or more',
  ].filter((problem) => problem !== false)
  if (wrong.length > 0) throw new TypeError(`trackerCallback(): ${wrong.join('; ')}.`)
  return settings
}
