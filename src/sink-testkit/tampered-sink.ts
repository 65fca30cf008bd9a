import type { RecordBatch } from '../record/batch.js'
import { SinkError } from '../sinks/errors.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sinks/sink.js'

/** What a test does to the calls of a sink. `write`: the number of the call, from 0. */
export interface Tampering {
  /** Larger batches are refused before the sink sees them, so that the engine makes smaller ones. */
  readonly maxRows?: number
  /** May throw in place of the sink. */
  before?(batch: RecordBatch, write: number): void | Promise<void>
  /** May throw though the sink has taken the batch. */
  after?(result: WriteResult, write: number): void | Promise<void>
}

/** Stands between the engine and the sink. */
export class TamperedSink implements Sink {
  readonly #sink: Sink
  readonly #tampering: Tampering
  #writes = 0

  constructor(sink: Sink, tampering: Tampering) {
    this.#sink = sink
    this.#tampering = tampering
  }

  get batchBytes(): number | undefined {
    return this.#sink.batchBytes
  }

  get afterRewind(): Sink['afterRewind'] {
    return this.#sink.afterRewind
  }

  open(context: SinkContext, state: SinkState | null): Promise<void> {
    return this.#sink.open(context, state)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const { maxRows = Number.POSITIVE_INFINITY } = this.#tampering
    if (batch.count > maxRows) throw new SinkError('split', 'TOO_LARGE', `more than ${maxRows} rows`)
    const write = this.#writes++
    await this.#tampering.before?.(batch, write)
    const result = await this.#sink.write(batch)
    await this.#tampering.after?.(result, write)
    return result
  }

  close(outcome: RunOutcome): Promise<void> {
    return this.#sink.close(outcome)
  }
}
