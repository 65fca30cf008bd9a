import type { JournalPlace } from '../journal/position.js'
import type { RecordBatch } from '../record/batch.js'
import type { SinkSlot } from '../ring/sink-slot.js'
import { type SinkError, toSinkError } from '../sinks/errors.js'
import type { RejectedRow, RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sinks/sink.js'
import { bootId } from '../store/boot-id.js'
import { BatchLimit, batchBytesOf } from './batch-limit.js'
import { type Cursor, commitCursor, isSuspect, readCursor } from './cursor.js'
import { appendDeadLetters, type DeadLetterFile, trimDeadLetters } from './dead-letter.js'
import type { Fed, Feed } from './feed.js'
import { addGaps, advance, behind, type Gaps } from './gaps.js'
import { afterRewinds, rebuild } from './rebuild.js'

const CLOSE_MS = 1000
/** After so many failures in a row the destination counts as dead, and each further attempt is a single row. */
const DEAD_AFTER_ATTEMPTS = 5
/** Codes by which a sink says that it gave up waiting by itself. */
const TIMEOUT_CODES: readonly string[] = ['TIMEOUT', 'ETIMEDOUT']

/** `state` is null where the sink has not taken a row yet. */
type Whole = Omit<Fed, 'paused'> & { readonly batch: RecordBatch }
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
  /** What the sink has taken beyond the committed cursor. */
  #uncommitted: Partial<Cursor> | null = null
  /** The sink went on without its cursor: it must be opened again, and go back to what is committed. */
  #ahead = false
  #givenUp = false
  readonly #limit = new BatchLimit()

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
    this.#cursor = afterRewinds(readCursor(runDir, name), runDir, sink)
    if (slot !== null) this.#succeed(slot)
    this.#publish()
  }

  get position(): number {
    return this.#cursor.place.position
  }

  get attempts(): number {
    return this.#cursor.attempts
  }

  /** See SinkContext. */
  get suspect(): boolean {
    return isSuspect(this.#cursor)
  }

  /**
   * Delivers the next batch up to `end`. True where there was none: the sink has caught up. Where the batch has
   * to be written in parts, none is begun after `until` (by `performance.now()`).
   */
  async deliver(end: number, until = Number.POSITIVE_INFINITY): Promise<boolean> {
    try {
      this.#commitLate()
      await this.#open()
      const limits = { end, maxBytes: batchBytesOf(this.#sink) }
      const { batch, superseded, after, paused } = this.#feed.read(this.#cursor.place, limits)
      if (batch === null) {
        if (after.position !== this.#cursor.place.position) this.#commit(this.#past(after, superseded))
        this.#noLongerFails()
        return !paused
      }
      const whole = await this.#write({ batch, superseded, after }, until)
      return whole && after.position >= end
    } catch (error) {
      throw await this.#failed(error)
    }
  }

  /** Closes the sink for good, or only this session of it (`status: 'running'`). */
  async close(outcome: RunOutcome): Promise<void> {
    try {
      await this.#open()
      this.#opened = false
      await this.#sink.close(outcome)
      if (this.#cursor.rebuilds !== undefined) this.#commit({ rebuilds: undefined })
      this.#noLongerFails()
    } catch (error) {
      throw await this.#failed(error)
    } finally {
      await this.abandon()
    }
  }

  /** Lets go of what the sink holds open, without a word to the destination's readers. */
  async abandon(): Promise<void> {
    if (!this.#opened) return
    this.#opened = false
    const closed = this.#sink.close({ status: 'running', endTime: Date.now() }).catch(() => {
      // It is out of date: nothing of it is wanted, not even its error.
    })
    await within(CLOSE_MS, closed)
  }

  /** From now on nothing is committed any more, whatever the sink may still answer. */
  giveUp(): void {
    this.#givenUp = true
  }

  async #open(): Promise<void> {
    if (this.#opened && !this.#ahead) return
    trimDeadLetters(this.#deadLetters())
    this.#opened = false
    await this.#sink.open(this.#context, this.#cursor.state)
    this.#opened = true
    this.#ahead = false
  }

  /** What a thread that was ended in the middle of a write has left: the batch took too long, or worse. */
  #succeed(slot: SinkSlot): void {
    if (slot.writing > 0) this.#limit.tooLarge(slot.writing)
    slot.writing = 0
    const attempts = Math.max(this.#cursor.attempts, slot.attempts)
    this.#cursor = { ...this.#cursor, attempts, lastError: slot.lastError ?? this.#cursor.lastError }
  }

  /** False where it stopped before the end of the batch. */
  async #write({ batch, superseded, after }: Whole, until: number): Promise<boolean> {
    const next: Record<string, number> = { ...this.#cursor.place.next }
    const { position } = this.#cursor.place
    for (let from = 0; from < batch.count; ) {
      if (from > 0 && (this.#context.signal.aborted || performance.now() >= until)) return false
      const dead = this.#cursor.attempts >= DEAD_AFTER_ATTEMPTS
      const to = Math.min(batch.count, from + (dead ? 1 : this.#limit.rows))
      const part = batch.slice(from, to)
      const result = await this.#writePart(part)
      if (result === null) continue
      const last = to === batch.count
      const gaps = advance(next, batch, from, to, superseded)
      if (last) addGaps(gaps, behind(next, after.next, superseded))
      if (gaps.lost > 0) {
        this.#context.warn(
          'journal-damage',
          `${gaps.lost} rows are missing from damaged blocks of the journal`,
        )
      }
      // Half-way through a batch the place is the batch's own: sequence numbers skip what has been delivered.
      this.#settle(part, result, gaps, last ? after : { position, next: { ...next } })
      from = to
    }
    return true
  }

  /** Over a stretch without rows; what the journal has lost there is counted as in `#settle`. */
  #past(after: JournalPlace, superseded: Fed['superseded']): Partial<Cursor> {
    const { counts, place } = this.#cursor
    const gaps = behind(place.next, after.next, superseded)
    const deadLettered = counts.deadLettered + gaps.lost
    const notApplicable = counts.notApplicable + gaps.superseded
    return { place: after, counts: { ...counts, deadLettered, notApplicable } }
  }

  /** Null where the part was too large, or holds a bad row somewhere: try a smaller one. */
  async #writePart(part: RecordBatch): Promise<Written | null> {
    if (this.#slot !== null) this.#slot.writing = part.count
    try {
      const result = await this.#sink.write(part)
      this.#limit.took(part.count)
      return result
    } catch (thrown) {
      const error = toSinkError(thrown)
      this.#shrink(part.count, error)
      if (error.action !== 'split' && error.action !== 'reject') throw thrown
      if (part.count > 1) return null
      const rejected: RejectedRow[] = [{ row: 0, cause: error.code, reason: error.message }]
      return { state: this.#cursor.state, rejected }
    } finally {
      if (this.#slot !== null && !this.#givenUp) this.#slot.writing = 0
    }
  }

  #shrink(count: number, { action, code }: SinkError): void {
    const late = action === 'retry' && (this.#context.signal.aborted || TIMEOUT_CODES.includes(code))
    if (action === 'reject') this.#limit.holdsBadRow(count)
    else if (action === 'split' || late) this.#limit.tooLarge(count)
  }

  /** Lost rows never reach any destination: they count as dead-lettered, so that the sums still add up. */
  #settle(part: RecordBatch, result: Written, gaps: Gaps, place: JournalPlace): void {
    const { state, notApplicable = 0, rejected = [] } = result
    const { counts } = this.#cursor
    // Where the dead letters cannot be written the part comes again, to a sink that is laid back to what is committed.
    this.#ahead = true
    this.#uncommitted = {
      place,
      state,
      attempts: 0,
      lastError: null,
      deadLetterBytes: appendDeadLetters(this.#deadLetters(), part, rejected),
      counts: {
        delivered: counts.delivered + part.count - notApplicable - rejected.length,
        deadLettered: counts.deadLettered + rejected.length + gaps.lost,
        notApplicable: counts.notApplicable + notApplicable + gaps.superseded,
      },
    }
    this.#commitLate()
  }

  /** A commit that failed, on a full disk say, is made before anything else: the sink has the rows already. */
  #commitLate(): void {
    if (this.#uncommitted === null) return
    this.#commit(this.#uncommitted)
    this.#uncommitted = null
    this.#ahead = false
  }

  #deadLetters(): DeadLetterFile {
    const { sink, deadLetterBytes } = this.#cursor
    const warn = (kind: string, message: string) => this.#context.warn(kind, message)
    return { runDir: this.#runDir, sink, length: deadLetterBytes, warn }
  }

  #commit(change: Partial<Cursor>): void {
    if (this.#givenUp) throw new Error('the answer came too late: its batch comes again')
    const cursor = { ...this.#cursor, ...change, boot: bootId() }
    commitCursor(this.#runDir, cursor)
    this.#cursor = cursor
    this.#publish()
  }

  /** Counts the failure; the error that the caller gets. */
  async #failed(thrown: unknown): Promise<unknown> {
    const { action, message } = toSinkError(thrown)
    if (action === 'rebuild') {
      await this.abandon()
      this.#uncommitted = null
      const { cursor, error } = rebuild(this.#cursor, thrown, message)
      this.#commit({ ...cursor, rebuilds: cursor.rebuilds })
      return error
    }
    // Not committed: the disk may be what failed. The daemon counts attempts too.
    this.#cursor = { ...this.#cursor, attempts: this.#cursor.attempts + 1, lastError: message }
    this.#publish()
    return thrown
  }

  #noLongerFails(): void {
    if (this.#cursor.attempts === 0 && this.#cursor.lastError === null) return
    this.#cursor = { ...this.#cursor, attempts: 0, lastError: null }
    this.#publish()
  }

  #publish(): void {
    if (this.#slot === null || this.#givenUp) return
    this.#slot.counts = this.#cursor.counts
    this.#slot.attempts = this.#cursor.attempts
    if (this.#slot.lastError !== this.#cursor.lastError) this.#slot.lastError = this.#cursor.lastError
  }
}

/** Waits for `work`, but not for ever: a sink that hangs in its `close()` must not hold up the others. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
