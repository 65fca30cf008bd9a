import type { ProducerHandle } from './connect.js'
import type { FlushResult, Run } from './run.js'
import type { RunStatusReport } from './status.js'
import type { MetricLogger, ScalarHandle } from './values.js'

const nothing = (): void => {}

/** Logs nothing, for mode `disabled`. */
export const DISABLED_LOGGER: MetricLogger = {
  log: nothing,
  scalar: (name): ScalarHandle => ({ name, log: nothing }),
}

const EMPTY: RunStatusReport = {
  accepted: 0,
  journaled: 0,
  synced: 0,
  inRing: 0,
  dropped: { total: 0 },
  values: { skipped: 0, refused: 0 },
  sinks: {},
}

/** A run whose every call does nothing: no thread, no shared memory, no file. */
export class DisabledRun implements Run {
  readonly id = 'disabled'
  readonly dir = ''
  readonly url = null
  readonly log = DISABLED_LOGGER.log
  readonly scalar = DISABLED_LOGGER.scalar

  producer({ name = 'disabled' }: { readonly name?: string } = {}): ProducerHandle {
    const none = new SharedArrayBuffer(0)
    return {
      offstep: 'disabled',
      id: 0,
      name,
      ring: none,
      control: none,
      limits: { maxMetrics: 0, maxNameBytes: 0 },
    }
  }

  status(): RunStatusReport {
    return EMPTY
  }

  async flush(): Promise<FlushResult> {
    return { ...EMPTY, reached: true, elapsedMs: 0 }
  }

  finish(): Promise<FlushResult> {
    return this.flush()
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
