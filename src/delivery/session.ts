import type { JournalPlace } from '../journal/reader.js'
import type { RecordBatch } from '../record/batch.js'
import type { SinkSlot } from '../ring/sink-slot.js'
import { SinkError } from '../sinks/errors.js'
import type { RejectedRow, RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sinks/sink.js'
import { type Cursor, commitCursor, firstCursor, readCursor } from './cursor.js'
import { appendDeadLetters } from './dead-letter.js'
import type { Feed } from './feed.js'

/** Journal bytes that one batch holds at most. */
const BATCH_BYTES = 256 * 1024

/** `state` is null where the sink has not taken a row yet. */
type Written = Omit<WriteResult, 'state'> & { readonly state: SinkState | null }

/**
 * One sink, from its cursor on: the one piece of code behind live delivery, retry, recovery and back-filling.
 * One call at a time. After each batch that the sink has taken, the cursor is committed; a crash in between
 * makes the batch come again, and the sink's state says where it must be laid over.
 */
export class SinkSession {
  readonly #runDir: string
  readonly #sink: Sink
  readonly #context: SinkContext
  readonly #feed: Feed
  readonly #slot: SinkSlot | null
  #cursor: Cursor
  #opened = false
  /** Rows that one `write()` gets at most; shrinks when the destination says "too large". */
  #maxRows = Number.POSITIVE_INFINITY

  constructor(
    runDir: string,
    name: string,
    sink: Sink,
    context: SinkContext,
    feed: Feed,
    slot: SinkSlot | null,
  ) {
    this.#runDir = runDir
    this.#sink = sink
    this.#context = context
    this.#feed = feed
    this.#slot = slot
    this.#cursor = readCursor(runDir, name)
    this.#publish()
  }

  get position(): number {
    return this.#cursor.place.position
  }

  get attempts(): number {
    return this.#cursor.attempts
  }

  /** Delivers the next batch up to `end`. True where there was none: the sink has caught up. */
  async deliver(end: number): Promise<boolean> {
    try {
      await this.#open()
      const { batch, after } = this.#feed.read(this.#cursor.place, { end, maxBytes: BATCH_BYTES })
      if (batch === null) {
        if (after.position !== this.#cursor.place.position) this.#commit({ place: after })
        return true
      }
      await this.#write(batch, after)
      return after.position >= end
    } catch (error) {
      await this.#failed(error)
      throw error
    }
  }

  /** Closes the sink for good, or only this session of it (`status: 'running'`). */
  async close(outcome: RunOutcome): Promise<void> {
    if (!this.#opened) await this.#open()
    this.#opened = false
    await this.#sink.close(outcome)
  }

  /** Lets go of what the sink holds open, without a word to the destination's readers. */
  async abandon(): Promise<void> {
    if (!this.#opened) return
    this.#opened = false
    await this.#sink.close({ status: 'running', endTime: Date.now() }).catch(() => {
      // It is out of date: nothing of it is wanted, not even its error.
    })
  }

  async #open(): Promise<void> {
    if (this.#opened) return
    await this.#sink.open(this.#context, this.#cursor.state)
    this.#opened = true
  }

  async #write(batch: RecordBatch, after: JournalPlace): Promise<void> {
    const next: Record<string, number> = { ...this.#cursor.place.next }
    const { position } = this.#cursor.place
    for (let from = 0; from < batch.count; ) {
      const to = Math.min(batch.count, from + this.#maxRows)
      const part = batch.slice(from, to)
      const result = await this.#writePart(part)
      if (result === null) continue
      const lost = advance(next, batch, from, to)
      if (lost > 0) {
        this.#context.warn('journal-damage', `${lost} rows are missing from damaged blocks of the journal`)
      }
      // Half-way through a batch the place is the batch's own: sequence numbers skip what has been delivered.
      this.#settle(part, result, lost, to === batch.count ? after : { position, next: { ...next } })
      from = to
      this.#maxRows *= 2
    }
  }

  /** Null where the part was too large, or holds a bad row somewhere: try a smaller one. */
  async #writePart(part: RecordBatch): Promise<Written | null> {
    try {
      return await this.#sink.write(part)
    } catch (error) {
      if (!(error instanceof SinkError) || (error.action !== 'split' && error.action !== 'reject'))
        throw error
      if (part.count > 1) {
        this.#maxRows = Math.ceil(part.count / 2)
        return null
      }
      const rejected: RejectedRow[] = [{ row: 0, cause: error.code, reason: error.message }]
      return { state: this.#cursor.state, rejected }
    }
  }

  /** `lost` rows never reach any destination: they count as dead-lettered, so that the sums still add up. */
  #settle(part: RecordBatch, result: Written, lost: number, place: JournalPlace): void {
    const { state, notApplicable = 0, rejected = [] } = result
    const { sink, counts, deadLetterBytes } = this.#cursor
    // Where the commit fails the part comes again, to a sink that is laid back to what is committed.
    this.#opened = false
    this.#commit({
      place,
      state,
      attempts: 0,
      lastError: null,
      deadLetterBytes: appendDeadLetters(this.#runDir, sink, deadLetterBytes, part, rejected),
      counts: {
        delivered: counts.delivered + part.count - notApplicable - rejected.length,
        deadLettered: counts.deadLettered + rejected.length + lost,
        notApplicable: counts.notApplicable + notApplicable,
      },
    })
    this.#opened = true
  }

  #commit(change: Partial<Cursor>): void {
    const cursor = { ...this.#cursor, ...change }
    commitCursor(this.#runDir, cursor)
    this.#cursor = cursor
    this.#publish()
  }

  async #failed(error: unknown): Promise<void> {
    const { sink, attempts } = this.#cursor
    const lastError = error instanceof Error ? error.message : String(error)
    if (error instanceof SinkError && error.action === 'rebuild') {
      await this.abandon()
      this.#commit({ ...firstCursor(sink), attempts: attempts + 1, lastError })
      return
    }
    // Not committed: the disk may be what failed. The daemon counts attempts too.
    this.#cursor = { ...this.#cursor, attempts: attempts + 1, lastError }
    this.#publish()
  }

  #publish(): void {
    if (this.#slot === null) return
    this.#slot.counts = this.#cursor.counts
    this.#slot.attempts = this.#cursor.attempts
    if (this.#slot.lastError !== this.#cursor.lastError) this.#slot.lastError = this.#cursor.lastError
  }
}

/** Moves the expected sequence numbers over rows `from .. to - 1`; returns how many rows were missing. */
function advance(next: Record<string, number>, batch: RecordBatch, from: number, to: number): number {
  let lost = 0
  for (let row = from; row < to; row++) {
    const producer = batch.producers[row]!
    const sequence = batch.sequences[row]!
    lost += sequence - (next[producer] ?? 0)
    next[producer] = sequence + 1
  }
  return lost
}
