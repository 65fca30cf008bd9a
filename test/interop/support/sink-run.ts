import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { SinkState } from '../../../src/sinks/sink.js'
import { createSink } from '../../../src/sinks/tensorboard/sink.js'
import { BatchBuilder, type RowLiteral, START_TIME } from '../../unit/support/batches.js'
import { committedState, sinkContext } from '../../unit/support/sink-run.js'
import { addPoint, type Scalars } from './points.js'

const BATCH_ROWS = 50

/** A run whose event files come straight from the sink, and what a reader of its log directory must find. */
export class SinkRun {
  readonly directory: string
  readonly #context: ReturnType<typeof sinkContext>
  readonly #name: string
  readonly #expected: Scalars
  #state: SinkState | null = null
  #rows = 0

  constructor(logdir: string, name: string, expected: Scalars) {
    const runDir = join(logdir, name)
    mkdirSync(runDir, { recursive: true })
    this.#name = name
    this.#expected = expected
    this.#context = sinkContext(runDir, { producerName: (producer) => `worker-${producer}` })
    this.directory = join(runDir, 'tensorboard')
  }

  /**
   * Writes and commits the rows in a session of their own, so in an event file of their own. The session then
   * dies with `lost` rows written but not committed: they must come again.
   */
  async session(rows: readonly RowLiteral[], lost: readonly RowLiteral[] = []): Promise<void> {
    const timed = rows.map((row, index) => ({ ...row, time: START_TIME + (this.#rows + index) * 12.5 }))
    this.#rows += rows.length
    this.#state = await this.#write(timed, lost)
    for (const { time, step, producer = 0, metrics = {} } of timed) {
      const run = `${this.#name}/tensorboard${producer === 0 ? '' : `/worker-${producer}`}`
      for (const [tag, value] of Object.entries(metrics)) {
        addPoint(this.#expected, run, tag, {
          wallTime: time / 1000,
          step: Math.floor(step!),
          value: Math.fround(value),
        })
      }
    }
  }

  async #write(rows: readonly RowLiteral[], lost: readonly RowLiteral[]): Promise<SinkState | null> {
    const sink = createSink()
    const builder = new BatchBuilder()
    let state = this.#state
    await sink.open(this.#context, state)
    for (let from = 0; from < rows.length; from += BATCH_ROWS) {
      const result = await sink.write(builder.batchOf(rows.slice(from, from + BATCH_ROWS)))
      state = committedState(result.state)
    }
    await sink.write(builder.batchOf(lost))
    await sink.close({ status: 'running', endTime: START_TIME })
    return state
  }
}
