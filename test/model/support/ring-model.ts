import assert from 'node:assert/strict'
import { KIND_KEY, KIND_ROW } from '../../../src/record/frame.js'
import { Control } from '../../../src/ring/control.js'
import { DROP, type DropCause, F64, I32, type WhenFull } from '../../../src/ring/layout.js'
import { RingReader } from '../../../src/ring/reader.js'
import { createRing } from '../../../src/ring/ring.js'
import { RingWriter } from '../../../src/ring/writer.js'
import type { Random } from './random.js'

export interface Geometry {
  readonly capacityWords: number
  readonly whenFull: WhenFull
  readonly regions: number
  readonly firstPosition: number
  readonly firstSequence: number
}

interface Frame {
  readonly sequence: number
  readonly bytes: Buffer
  readonly key: boolean
  readonly region: number
  readonly start: number
}

/**
 * A ring in lockstep with what it should be: a list of frames, and where in which region each may stand. The
 * model counts in doubles that never wrap; it knows nothing of cached tails, seals or pads but their size.
 */
export class RingModel {
  readonly buffer: SharedArrayBuffer
  readonly control = new Control()
  readonly writer: RingWriter
  reader: RingReader
  readonly dropped: Record<DropCause, number> = {
    'ring-full': 0,
    'too-large': 0,
    'invalid-step': 0,
    'no-values': 0,
    closed: 0,
    'read-back': 0,
    'invalid-media': 0,
    'media-backlog': 0,
  }
  /** Frames that were not released, oldest first; the first `#taken` of them have been taken. */
  #frames: Frame[] = []
  #taken = 0
  readonly #seenKeys = new Set<string>()
  #head: number
  #region = 0
  #wokenFor = -1
  published: number
  journaled: number
  /** Sequence number after the last row taken. */
  lastTaken: number
  calls = 0
  keys = 0
  rounds = 0

  constructor(readonly geometry: Geometry) {
    const { capacityWords, whenFull, regions, firstPosition, firstSequence } = geometry
    this.buffer = createRing({
      producer: 3,
      capacityBytes: capacityWords * 8,
      whenFull,
      maxCapacityBytes: capacityWords * 8 * 2 ** (regions - 1),
      maxBlockMs: 1,
      firstPosition,
    })
    this.writer = new RingWriter(this.buffer, this.control)
    this.writer.counters[F64.PUBLISHED] = firstSequence
    this.published = firstSequence
    this.journaled = firstSequence
    this.lastTaken = firstSequence
    this.reader = new RingReader(this.buffer, firstSequence)
    this.#head = firstPosition
  }

  /** The region that the producer is in. */
  get region(): number {
    return this.#region
  }

  get #capacity(): number {
    return this.geometry.capacityWords * 2 ** this.#region
  }

  /** Words in use of the region that the producer is in. */
  #fill(): number {
    const first = this.#frames.find(({ region }) => region === this.#region)
    return first === undefined ? 0 : this.#head - first.start
  }

  #need(words: number): number {
    const toEnd = this.#capacity - (this.#head % this.#capacity)
    return words <= toEnd ? words : words + toEnd
  }

  /** Calls the writer with one frame, and checks its answer, its counters and whether it woke the drain. */
  push(random: Random, words: number, key = false): void {
    this.calls++
    const fits = this.#capacity - this.#fill() >= this.#need(words)
    const before = this.#fill()
    const capacityBefore = this.#capacity
    const ticket = this.control.wakeTicket
    const at = this.writer.reserve(words)
    this.#followRegion(words)
    const moved = this.#capacity !== capacityBefore
    if (at < 0) {
      this.dropped[this.#causeOf(words, capacityBefore)]++
      assert(!fits || words > capacityBefore / 2 || this.writer.closed, 'a frame that fits is taken')
    } else {
      assert(!this.writer.closed)
      assert(moved || fits, 'a frame that does not fit is refused')
      this.#accept(random, at, words, key)
    }
    this.#checkWake(ticket, moved ? 0 : before, at >= 0)
    this.checkDropped()
  }

  /** A push beside which the drain works: what becomes of it depends on when the drain releases. */
  pushUnchecked(random: Random, words: number): void {
    this.calls++
    const at = this.writer.reserve(words)
    this.#followRegion(words)
    if (at >= 0) this.#accept(random, at, words, false)
    else this.dropped[this.#causeOf(words, this.#capacity)]++
  }

  /** A ring that grows goes to the first region of which the frame is at most half. */
  #followRegion(words: number): void {
    const region = this.writer.header[I32.REGION]!
    if (region === this.#region) return
    let smallest = this.#region + 1
    while (words > (this.geometry.capacityWords * 2 ** smallest) / 2) smallest++
    assert.equal(region, smallest)
    assert(region < this.geometry.regions)
    this.#region = region
  }

  #causeOf(words: number, capacity: number): DropCause {
    if (this.writer.closed) return 'closed'
    return words > capacity / 2 ? 'too-large' : 'ring-full'
  }

  #accept(random: Random, at: number, words: number, key: boolean): void {
    const start = this.#head
    const toEnd = this.#capacity - (start % this.#capacity)
    const first = words <= toEnd ? start : start + toEnd
    assert.equal(at, first % this.#capacity)
    for (let i = at * 2; i < (at + words) * 2; i++) this.writer.u32[i] = random.u32()
    this.writer.u32[at * 2] = ((words << 8) | (key ? KIND_KEY : KIND_ROW)) >>> 0
    if (!key) this.writer.u32[at * 2 + 1] = this.published
    const bytes = Buffer.from(this.writer.bytes.slice(at * 8, (at + words) * 8))
    this.#frames.push({ sequence: this.published, bytes, key, region: this.#region, start })
    if (key) this.keys++
    else this.writer.counters[F64.PUBLISHED] = ++this.published
    this.writer.publish(words)
    this.#head = first + words
    this.rounds = (this.#head - this.geometry.firstPosition) / this.geometry.capacityWords
  }

  /** The drain is woken once when the fill goes above half, and not again before it has made room. */
  #checkWake(ticket: number, before: number, accepted: boolean): void {
    if (this.geometry.whenFull === 'block') return
    const woken = this.control.wakeTicket - ticket
    const half = this.#capacity / 2
    const above = accepted && this.#fill() > half
    const oldest = this.#frames[0]?.start ?? -1
    if (!above) assert.equal(woken, 0, 'no wake at half full or below')
    else if (before <= half) assert.equal(woken, 1, 'a wake where half is crossed')
    else if (this.#wokenFor === oldest) assert.equal(woken, 0, 'no second wake while nothing was released')
    if (woken > 0) this.#wokenFor = oldest
  }

  checkDropped(): void {
    for (const [cause, count] of Object.entries(this.dropped)) {
      assert.equal(this.writer.counters[DROP[cause as DropCause]], count, cause)
    }
  }

  /** One `take()`: what it finds is the oldest frames, whole and byte for byte. False where there are none. */
  take(maxBytes: number, producing = false): boolean {
    const found = this.reader.take(maxBytes)
    const { bytes, rows, firstSequence, keys } = this.reader
    const definitions: Buffer[] = []
    let next = firstSequence
    let frames = 0
    for (let at = 0; found && at < bytes.length; frames++) {
      const length = (bytes[at + 1]! | (bytes[at + 2]! << 8) | (bytes[at + 3]! << 16)) * 8
      const frame = Buffer.from(bytes.subarray(at, at + length))
      at += length
      if (frame[0] === KIND_KEY) definitions.push(frame)
      else next++
      this.#matchNext(frame, next - 1)
      if (at > maxBytes) assert.equal(frames, 0, 'only a frame alone is larger than asked')
    }
    if (found) {
      assert.equal(next - firstSequence, rows)
      assert.deepEqual(
        keys.map((key) => Buffer.from(key)),
        definitions,
      )
      this.lastTaken = this.reader.nextSequence
      return true
    }
    this.#skipJournaled()
    if (producing) return false
    assert.equal(this.#frames.length, this.#taken, 'nothing is left behind')
    assert(this.reader.empty)
    return false
  }

  /** A `take()` beside which the producer writes: what it finds is checked, what it does not find is not. */
  takeSome(maxBytes: number): void {
    this.take(maxBytes, true)
  }

  /** A drain beside which the producer writes. */
  drainSome(maxBytes: number): void {
    while (this.take(maxBytes, true)) {
      // to the last that is visible
    }
    this.release()
  }

  #skipJournaled(): void {
    for (;;) {
      const frame = this.#frames[this.#taken]
      if (frame === undefined || frame.key || frame.sequence >= this.lastTaken) return
      this.#taken++
    }
  }

  #matchNext(found: Buffer, sequence: number): void {
    const isKey = found[0] === KIND_KEY
    if (!isKey) this.#skipJournaled()
    const expected = this.#frames[this.#taken]
    if (expected?.bytes.equals(found)) {
      this.#taken++
      if (isKey) this.#seenKeys.add(found.toString('hex'))
      else {
        assert.equal(sequence, expected.sequence)
        this.lastTaken = sequence + 1
      }
      return
    }
    // A replaced reader may meet a definition again, which is harmless. A row it must not.
    this.#skipJournaled()
    const again = this.#frames[this.#taken]
    if (again?.bytes.equals(found)) this.#taken++
    else assert(isKey && this.#seenKeys.has(found.toString('hex')), 'the oldest frame comes next')
  }

  /** The journal has what was taken, and the ring gets its room back. */
  release(): void {
    this.reader.release()
    this.journaled = this.lastTaken
    this.#frames = this.#frames.slice(this.#taken)
    this.#taken = 0
    assert.equal(this.reader.counters[F64.JOURNALED], this.journaled)
  }

  /** A new reader, as after a crash of the drain before `release()`. `written`: the journal had what was taken. */
  replaceReader(written: boolean): void {
    if (written) this.journaled = this.lastTaken
    this.lastTaken = this.journaled
    this.#taken = 0
    this.reader = new RingReader(this.buffer, this.journaled)
  }

  close(): void {
    this.writer.header[I32.CLOSED] = 1
  }

  drain(maxBytes: number): void {
    while (this.take(maxBytes)) {
      // to the last
    }
    this.release()
  }
}
