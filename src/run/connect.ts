import { Control } from '../ring/control.js'
import { HEADER_BYTES, I32 } from '../ring/layout.js'
import { DISABLED_LOGGER } from './disabled-run.js'
import type { KnownKeys } from './keys.js'
import { MediaChannel } from './media/channel.js'
import { Producer } from './producer.js'
import type { MetricLogger } from './values.js'
import { type Warn, warnOnce } from './warnings.js'

/** Plain data: goes through `postMessage` or `workerData` to the one thread that will log with it. */
export interface ProducerHandle {
  readonly offstep: 'producer' | 'disabled'
  readonly id: number
  readonly name: string
  readonly ring: SharedArrayBuffer
  readonly control: SharedArrayBuffer
  readonly limits: { readonly maxMetrics: number; readonly maxNameBytes: number }
  /** Of a run that was resumed: the names that this producer has used, and their keys. */
  readonly keys?: KnownKeys | undefined
  /** The run's channel for media calls. */
  readonly media: string
}

/** A producer handle was connected twice, or is none. */
export class ConnectError extends Error {
  readonly code = 'OFFSTEP_CONNECT'
  readonly retryable = false

  constructor(message: string) {
    super(message)
    this.name = 'ConnectError'
  }
}

/**
 * Makes the log calls of a handle that another thread got from `run.producer()`. Call it once, in the thread
 * that logs: a ring has one writer. Throws ConnectError where the handle is in use already.
 */
export function connect(handle: ProducerHandle, warn: Warn = warnOnce(emitWarning)): MetricLogger {
  if (handle?.offstep === 'disabled') return DISABLED_LOGGER
  if (handle?.offstep !== 'producer' || !(handle.ring instanceof SharedArrayBuffer)) {
    throw new ConnectError('connect() takes what run.producer() returned, posted to this thread')
  }
  const header = new Int32Array(handle.ring, 0, HEADER_BYTES / 4)
  if (Atomics.compareExchange(header, I32.CONNECTED, 0, 1) !== 0) {
    throw new ConnectError(
      `The producer "${handle.name}" is connected already: call run.producer() once for each thread that logs`,
    )
  }
  const { ring, limits, media, keys } = handle
  const control = new Control(handle.control)
  const channel = new MediaChannel(media, control, () => producer.media.outbox.sendAgain())
  const producer = new Producer({ ring, control, limits, warn, keys, sendMedia: channel.send })
  return producer
}

/** Shows a warning on stderr, when this thread's event loop next turns. */
export function emitWarning(kind: string, message: string): void {
  process.emitWarning(message, {
    type: 'OffstepWarning',
    code: `OFFSTEP_${kind.toUpperCase().replaceAll('-', '_')}`,
  })
}
