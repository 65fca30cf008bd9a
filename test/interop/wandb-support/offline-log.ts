import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RunOutcome, SinkState } from '../../../src/sinks/sink.js'
import { OfflineSink } from '../../../src/sinks/wandb/offline/sink.js'
import { wandbSettings } from '../../../src/sinks/wandb/settings/settings.js'
import { BatchBuilder, type RowLiteral, START_TIME } from '../../unit/support/batches.js'
import { COMPLETED, committedState, sinkContext } from '../../unit/support/sink-run.js'

export const RUN_ID = 'ours'

/** The directories of a run's logs, the first part first. */
export function logDirectories(runDir: string): string[] {
  const parent = join(runDir, 'wandb')
  return readdirSync(parent)
    .sort()
    .map((name) => join(parent, name))
}

/** A run in offline mode, straight from the sink. */
export class OfflineLog {
  /** The run directory. */
  readonly runDir: string
  readonly #options: { readonly [option: string]: unknown }
  readonly #builder = new BatchBuilder()
  #state: SinkState | null = null
  /** Of the file, as far as it is committed, after each batch. */
  readonly lengths: number[] = []

  constructor(runDir: string, options: { readonly [option: string]: unknown } = {}) {
    this.runDir = runDir
    this.#options = { id: RUN_ID, project: 'interop', ...options }
  }

  get directories(): string[] {
    return logDirectories(this.runDir)
  }

  /** What `wandb sync` takes. */
  get directory(): string {
    return this.directories[0]!
  }

  /** Writes and commits batches in a session of their own, and ends it so. */
  async session(
    batches: readonly (readonly RowLiteral[])[],
    outcome: RunOutcome = { status: 'running', endTime: START_TIME },
  ): Promise<void> {
    const context = sinkContext(this.runDir, { options: this.#options })
    const sink = new OfflineSink(wandbSettings(context, {}))
    await sink.open(context, this.#state)
    for (const rows of batches) {
      this.#state = committedState((await sink.write(this.#builder.batchOf(rows))).state)
      this.lengths.push(this.#state.length as number)
    }
    await sink.close(outcome)
  }

  /** A run of one session, from its beginning to its end. */
  async whole(rows: readonly RowLiteral[], batchRows = 100): Promise<void> {
    const batches = Array.from({ length: Math.ceil(rows.length / batchRows) }, (_, batch) =>
      rows.slice(batch * batchRows, (batch + 1) * batchRows),
    )
    await this.session(batches, COMPLETED)
  }
}

/** What W&B must have of rows whose steps increase. */
export function expectedHistory(rows: readonly RowLiteral[]): object[] {
  return rows.map(({ step, time, metrics = {} }) => ({
    _step: step,
    _timestamp: time! / 1000,
    _runtime: (time! - START_TIME) / 1000,
    ...Object.fromEntries(Array.isArray(metrics) ? metrics : Object.entries(metrics)),
  }))
}
