// The module's own: a test of the application's may have put fake timers in the place of the global ones.
import { clearInterval, setInterval } from 'node:timers'
import { DisabledRun } from '../run/disabled-run.js'
import type { Run } from '../run/run.js'
import { probeOf } from '../run/system/probe-of.js'
import { TfError } from './find-tf.js'
import { Problems } from './problems.js'

/** The part of TensorFlow.js that is used here. */
export interface TfMemory {
  memory(): { readonly numTensors: number; readonly numDataBuffers: number; readonly numBytes: number }
}

export interface WatchMemoryOptions {
  /** How often `tf.memory()` is called, when the event loop turns; in ms, 10 or more. Default 1000. */
  readonly everyMs?: number
}

/** What `watchMemory()` returns. */
export interface MemoryWatcher {
  /** Looks now: for a loop that does not come to its event loop. Never throws. */
  look(): void
  /** Ends the watching. The end of the run ends it too. */
  stop(): void
}

const DEFAULT_EVERY_MS = 1000
const MIN_EVERY_MS = 10

/**
 * Brings what `tf.memory()` says into the run's system samples: `tfjs.numTensors`, `tfjs.numDataBuffers`,
 * `tfjs.numBytes`, and `tfjs.numTensorsAboveLowest`, which grows where tensors leak; the run's log warns then. For the
 * thread that called `init()`. The call takes some us, on a timer that keeps no process alive.
 *
 * Throws here, before the training, where `tf` or an option is wrong; never in the training. A run without system
 * monitor is warned of once.
 */
export function watchMemory(run: Run, tf: TfMemory, options: WatchMemoryOptions = {}): MemoryWatcher {
  if (typeof tf?.memory !== 'function') {
    throw new TfError('`tf` has no "memory": give all of @tensorflow/tfjs, or of @tensorflow/tfjs-core.')
  }
  const { everyMs = DEFAULT_EVERY_MS } = options
  if (!(everyMs >= MIN_EVERY_MS && everyMs <= 2 ** 31 - 1)) {
    throw new TfError(`everyMs is ${String(everyMs)}: give a number of milliseconds from ${MIN_EVERY_MS} on.`)
  }
  const problems = new Problems()
  const probe = probeOf(run)
  if (probe === null) {
    if (!(run instanceof DisabledRun)) problems.add('no-system-monitor', NO_MONITOR)
    return { look: () => {}, stop: () => {} }
  }
  const look = () => {
    if (probe.stopped) clearInterval(timer)
    else {
      problems.catch('tf-memory', 'tf.memory()', () => {
        const { numTensors, numDataBuffers, numBytes } = tf.memory()
        probe.tensors(numTensors, numDataBuffers, numBytes)
      })
    }
  }
  const timer = setInterval(look, everyMs).unref()
  look()
  return { look, stop: () => clearInterval(timer) }
}

const NO_MONITOR =
  'watchMemory() has nothing to bring its values: turn `monitor.system` on in init(), and give it the run that init() returned.'
