import type { RecordBatch } from '../record/batch.js'
import type { Sink, WriteResult } from './sink.js'

/** A mode in which no row goes anywhere, and each counts as not applicable. */
export class DisabledSink implements Sink {
  async open(): Promise<void> {
    // There is nothing to open.
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    return { state: {}, notApplicable: batch.count }
  }

  async close(): Promise<void> {
    // There is nothing to close.
  }
}
