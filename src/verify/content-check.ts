import type { Cursor } from '../delivery/cursor.js'
import type { RecordBatch } from '../record/batch.js'
import type { RunOutcome, SinkContext } from '../sinks/sink.js'
import type { LostRecords } from './lost-records.js'
import type { FileCheck } from './report.js'

/** What the check of a sink's files needs to know. */
export interface ContentSetup {
  /** As the sink itself is given it: its directory, options, and the names of producers. */
  readonly context: SinkContext
  readonly cursor: Cursor
  /** Records before the cursor that the journal has lost, also since they were delivered. */
  readonly lost: LostRecords
  /** Records some of whose names the journal has lost, as `producer:sequence`; grows before each batch. */
  readonly nameless: ReadonlySet<string>
  /** How the run ended; null where it has not. */
  readonly outcome: RunOutcome | null
  /** The cursor stands at the journal's end, and the sink was closed there. */
  readonly complete: boolean
}

/** Compares the files of one sink with what the journal says they should hold. Synchronous file calls. */
export interface ContentCheck {
  /** The next records before the cursor, in the journal's order. */
  expect(batch: RecordBatch): void
  /** Called once, when there are no more. */
  finish(): readonly FileCheck[]
  close(): void
}

export type CreateContentCheck = (setup: ContentSetup) => ContentCheck

/** Texts of a difference: enough to see it, never a page. */
export function shortened(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`
}
