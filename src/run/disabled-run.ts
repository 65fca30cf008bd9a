import type { RunCheckpoints, SaveResult } from './checkpoints/types.js'
import type { ProducerHandle } from './connect.js'
import type { FlushResult, Run } from './run.js'
import type { RunStatusReport } from './status.js'
import { UpdateMethods } from './updates/methods.js'
import type { MetricLogger, ScalarHandle } from './values.js'

const nothing = (): void => {}

class DisabledLogger extends UpdateMethods implements MetricLogger {
  log(): void {}

  scalar(name: string): ScalarHandle {
    return { name, log: nothing }
  }

  protected override logMedia(): void {}
}

/** Logs nothing, for mode `disabled`. */
export const DISABLED_LOGGER: MetricLogger = new DisabledLogger()

const EMPTY: RunStatusReport = {
  accepted: 0,
  journaled: 0,
  synced: 0,
  inRing: 0,
  dropped: { total: 0 },
  values: { skipped: 0, refused: 0 },
  sinks: {},
}

class DisabledCheckpoints implements RunCheckpoints {
  shouldSave(): boolean {
    return false
  }

  save(step: number): Promise<SaveResult> {
    return Promise.resolve({ saved: false, step, problem: 'the run is disabled' })
  }

  async list(): Promise<never[]> {
    return []
  }

  async latest(): Promise<null> {
    return null
  }

  best = this.latest
  at = this.latest
  load = this.latest
}

/** A run whose every call does nothing: no thread, no shared memory, no file. */
export class DisabledRun extends DisabledLogger implements Run {
  readonly id = 'disabled'
  readonly dir = ''
  readonly url = null
  readonly resumed = null
  readonly checkpoints = new DisabledCheckpoints()
  readonly stopRequested = false
  readonly stopSignal: AbortSignal = new AbortController().signal

  producer({ name = 'disabled' }: { readonly name?: string } = {}): ProducerHandle {
    const none = new SharedArrayBuffer(0)
    return {
      offstep: 'disabled',
      id: 0,
      name,
      ring: none,
      control: none,
      limits: { maxMetrics: 0, maxNameBytes: 0 },
      media: '',
    }
  }

  system(): null {
    return null
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
