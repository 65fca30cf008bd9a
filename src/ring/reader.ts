import { isRecord, KIND_KEY, KIND_PAD } from '../record/frame.js'
import { F64, HEADER_BYTES, I32, sealIndex, tailIndex, WORD_BYTES } from './layout.js'
import { preparePages } from './pages.js'
import { RingRegion } from './ring.js'

/**
 * The consumer's side of a ring. Not safe for use from several threads, and only one reader per ring.
 *
 * `take(maxBytes)` finds the next run of whole frames; the caller copies `bytes`; the frames stay in the ring
 * until `release()`, which the drain calls after the journal has them. A reader that dies in between leaves
 * the frames for the next one, which skips by sequence number what the journal already holds.
 */
export class RingReader {
  readonly producer: number
  readonly counters: Float64Array
  readonly #buffer: SharedArrayBuffer
  readonly #header: Int32Array
  #region: RingRegion
  #regionIndex = 0
  /** The oldest region whose frames were not all released. */
  #heldRegion: number
  #position: number
  /** The tail as the producer sees it. */
  #released: number
  #nextSequence: number

  /** The frames found by the last `take()`. */
  bytes: Uint8Array = new Uint8Array(0)
  rows = 0
  firstSequence = 0
  /** Key definitions among those frames, each a copy. */
  readonly keys: Uint8Array[] = []

  /** `nextSequence`: the first row that the journal does not hold yet. */
  constructor(buffer: SharedArrayBuffer, nextSequence: number) {
    this.#buffer = buffer
    this.#header = new Int32Array(buffer, 0, HEADER_BYTES / 4)
    this.counters = new Float64Array(buffer, 0, HEADER_BYTES / 8)
    this.producer = this.#header[I32.PRODUCER]!
    this.#region = new RingRegion(buffer, 0)
    while (this.#leaveSealedRegion(Atomics.load(this.#header, tailIndex(this.#regionIndex)))) {
      // an earlier reader had already emptied this region
    }
    this.#heldRegion = this.#regionIndex
    this.#position = Atomics.load(this.#header, tailIndex(this.#regionIndex))
    this.#released = this.#position
    this.#nextSequence = nextSequence
  }

  /** True where something was taken, or skipped because the journal has it, and not released. */
  get held(): boolean {
    return this.#position !== this.#released
  }

  /** Sequence number of the row after the last one taken. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** Moves to the next region if the producer has left this one and `position` is where it left. */
  #leaveSealedRegion(position: number): boolean {
    if (Atomics.load(this.#header, I32.REGION) <= this.#regionIndex) return false
    if (this.#header[sealIndex(this.#regionIndex)] !== position) return false
    this.#regionIndex++
    this.#region = new RingRegion(this.#buffer, this.#regionIndex)
    return true
  }

  /**
   * Finds whole frames of at most `maxBytes` together, or one frame that is larger where `maxBytes` allows
   * none. False when there is nothing to read.
   */
  take(maxBytes: number): boolean {
    this.rows = 0
    this.keys.length = 0
    const { u32, mask, capacityWords, bytes } = this.#region
    // HEAD is read before REGION: a head that counts frames of the next region comes with that region's number.
    const published = Atomics.load(this.#header, I32.HEAD)
    const sealed = Atomics.load(this.#header, I32.REGION) > this.#regionIndex
    const head = sealed ? this.#header[sealIndex(this.#regionIndex)]! : published
    let position = this.#position
    let start = position & mask
    let taken = 0
    let sequence = this.#nextSequence
    const maxWords = maxBytes / WORD_BYTES
    while (position !== head) {
      const at = position & mask
      const header = u32[at * 2]!
      const words = header >>> 8
      const kind = header & 0xff
      if (words === 0 || words > capacityWords - at) throw new RingCorruptError(this, position, header)
      if (kind === KIND_PAD) {
        if (taken > 0) break
        position = (position + words) | 0
        start = position & mask
        continue
      }
      if (isRecord(kind)) {
        // Both modulo 2^32; `%` would be a call of fmod, for each row.
        const ahead = (u32[at * 2 + 1]! - (sequence | 0)) | 0
        if (ahead < 0) {
          if (taken > 0) break
          position = (position + words) | 0
          start = position & mask
          continue
        }
        if (taken > 0 && taken + words > maxWords) break
        if (this.rows > 0 && ahead > 0) break
        sequence += ahead
        if (this.rows === 0) this.firstSequence = sequence
        sequence++
        this.rows++
      } else {
        if (taken > 0 && taken + words > maxWords) break
        if (kind === KIND_KEY) this.keys.push(bytes.slice(at * WORD_BYTES, (at + words) * WORD_BYTES))
      }
      taken += words
      position = (position + words) | 0
      if (taken >= maxWords || (position & mask) === 0) break
    }
    this.#position = position
    if (taken === 0) {
      if (sealed && this.#leaveSealedRegion(position)) return this.take(maxBytes)
      return false
    }
    if (this.rows === 0) this.firstSequence = sequence
    this.#nextSequence = sequence
    this.bytes = bytes.subarray(start * WORD_BYTES, (start + taken) * WORD_BYTES)
    return true
  }

  /** Gives everything taken so far back to the producer, and counts it as journaled. */
  release(): void {
    this.counters[F64.JOURNALED] = this.#nextSequence
    // A region that was left is given back to its end: the next reader must not go through it again, and come
    // from there to where the following region began, which the producer may have written over.
    for (; this.#heldRegion < this.#regionIndex; this.#heldRegion++) {
      const sealed = this.#header[sealIndex(this.#heldRegion)]!
      Atomics.store(this.#header, tailIndex(this.#heldRegion), sealed)
    }
    this.#released = this.#position
    Atomics.store(this.#header, tailIndex(this.#regionIndex), this.#position)
    if (Atomics.load(this.#header, I32.WAITING) === 1) {
      Atomics.add(this.#header, I32.SPACE, 1)
      Atomics.notify(this.#header, I32.SPACE)
    }
    preparePages(this.#region, Atomics.load(this.#header, I32.HEAD))
  }

  markSynced(): void {
    this.counters[F64.SYNCED] = this.counters[F64.JOURNALED]!
  }

  /** True when every published frame has been taken. */
  get empty(): boolean {
    return Atomics.load(this.#header, I32.HEAD) === this.#position
  }
}

/** A frame header in the ring that cannot be: the producer's memory was overwritten. */
export class RingCorruptError extends Error {
  readonly code = 'OFFSTEP_RING_CORRUPT'

  constructor(
    readonly ring: RingReader,
    position: number,
    header: number,
  ) {
    super(
      `The ring of producer ${ring.producer} is damaged at ${position >>> 0} (frame header ${header}). ` +
        'Was its handle connected in two threads?',
    )
    this.name = 'RingCorruptError'
  }
}
