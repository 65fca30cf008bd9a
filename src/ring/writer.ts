import { KIND_PAD } from '../record/frame.js'
import type { Control } from './control.js'
import { DROP, HEADER_BYTES, I32, sealIndex, tailIndex } from './layout.js'
import { RingRegion } from './ring.js'

/**
 * The producer's side of a ring. Not safe for use from several threads, and only one writer per ring.
 *
 * `reserve(words)` gives the word index at which the caller stores a frame, or -1 where it does not fit (the
 * caller counts the row); `publish(words)` makes it visible. In between there is no allocation, no system call
 * and no lock. The consumer polls; it is woken only when the ring crosses half full, because waking a sleeping
 * thread costs the producer about 15 us.
 */
export class RingWriter {
  readonly header: Int32Array
  readonly counters: Float64Array
  u32: Uint32Array
  f64: Float64Array
  i64: BigInt64Array
  bytes: Uint8Array
  #capacity: number
  #mask: number
  #half: number
  #head: number
  #cachedTail: number
  #tailIndex: number
  #region = 0
  /** The tail at which the drain was last woken; NaN: never. */
  #wokenAt = Number.NaN
  #blockSpent = false
  readonly #buffer: SharedArrayBuffer
  readonly #control: Control

  constructor(buffer: SharedArrayBuffer, control: Control) {
    this.#buffer = buffer
    this.#control = control
    this.header = new Int32Array(buffer, 0, HEADER_BYTES / 4)
    this.counters = new Float64Array(buffer, 0, HEADER_BYTES / 8)
    const region = new RingRegion(buffer, 0)
    this.u32 = region.u32
    this.f64 = region.f64
    this.i64 = region.i64
    this.bytes = region.bytes
    this.#capacity = region.capacityWords
    this.#mask = region.mask
    this.#half = region.capacityWords >>> 1
    this.#head = this.header[I32.HEAD]!
    this.#tailIndex = tailIndex(0)
    this.#cachedTail = this.header[this.#tailIndex]!
  }

  /** Largest frame that always fits an empty region, wherever its head stands. */
  get maxFrameWords(): number {
    return this.#half
  }

  /** The longest that a call waits where there is no room for it: 0 unless the policy is `block`. */
  get maxBlockMs(): number {
    return this.header[I32.WHEN_FULL] === 2 ? this.header[I32.MAX_BLOCK_MS]! : 0
  }

  /** Where the next frame begins, or the one that was reserved last, counted as the header's HEAD is. */
  get head(): number {
    return this.#head
  }

  get closed(): boolean {
    return this.header[I32.CLOSED] !== 0
  }

  /** A frame would fit now, or the ring is closed and refuses it anyway. Looks at the reader's real tail. */
  hasRoom(words: number): boolean {
    this.#cachedTail = Atomics.load(this.header, this.#tailIndex)
    return this.closed || this.#fits(words)
  }

  reserve(words: number): number {
    const position = this.#head & this.#mask
    const toEnd = this.#capacity - position
    const need = words <= toEnd ? words : words + toEnd
    if (this.#capacity - ((this.#head - this.#cachedTail) >>> 0) < need || this.header[I32.CLOSED] !== 0) {
      return this.#reserveSlowly(words)
    }
    if (words <= toEnd) return position
    return this.#pad(position, toEnd)
  }

  publish(words: number): void {
    const head = (this.#head + words) | 0
    this.#head = head
    Atomics.store(this.header, I32.HEAD, head)
    if ((head - this.#cachedTail) >>> 0 > this.#half) this.#crossedHalf()
  }

  /** Fills the region's end, where the next frame does not fit; the pad is published with that frame. */
  #pad(position: number, words: number): number {
    this.u32[position * 2] = ((words << 8) | KIND_PAD) >>> 0
    this.u32[position * 2 + 1] = 0
    this.#head = (this.#head + words) | 0
    return 0
  }

  /** The cached tail says "full": look at the real one, then do what the policy says. */
  #reserveSlowly(words: number): number {
    if (this.closed) return this.#refuse(DROP.closed)
    const policy = this.header[I32.WHEN_FULL]
    if (words > this.#half && !(policy === 1 && this.#growFor(words))) return this.#refuse(DROP['too-large'])
    this.#cachedTail = Atomics.load(this.header, this.#tailIndex)
    if (!this.#fits(words)) {
      const found = policy === 1 ? this.#growFor(words) : policy === 2 && this.#waitFor(words)
      if (!found) return this.#refuse(DROP['ring-full'])
    }
    this.#blockSpent = false
    const position = this.#head & this.#mask
    const toEnd = this.#capacity - position
    return words <= toEnd ? position : this.#pad(position, toEnd)
  }

  #refuse(cause: number): number {
    this.counters[cause]!++
    return -1
  }

  #fits(words: number): boolean {
    const toEnd = this.#capacity - (this.#head & this.#mask)
    const need = words <= toEnd ? words : words + toEnd
    return this.#capacity - ((this.#head - this.#cachedTail) >>> 0) >= need
  }

  /** Seals this region and moves to a larger one that the frame fits. */
  #growFor(words: number): boolean {
    const regions = this.header[I32.REGIONS]!
    // A row that no region holds must not make the ring grow to its limit in vain.
    if (words > (this.header[I32.CAPACITY]! * 2 ** (regions - 1)) / 2) return false
    while (this.#region + 1 < regions) {
      const next = this.#region + 1
      const region = new RingRegion(this.#buffer, next)
      this.header[tailIndex(next)] = this.#head
      this.header[sealIndex(this.#region)] = this.#head
      this.#region = next
      this.#capacity = region.capacityWords
      this.#mask = region.mask
      this.#half = region.capacityWords >>> 1
      this.u32 = region.u32
      this.f64 = region.f64
      this.i64 = region.i64
      this.bytes = region.bytes
      this.#tailIndex = tailIndex(next)
      this.#cachedTail = this.#head
      Atomics.store(this.header, I32.REGION, next)
      if (words <= this.#half) return true
    }
    return false
  }

  /**
   * Waits for the consumer, at most `maxBlockMs`. A wait that was in vain is not repeated by the following
   * calls: they drop until there is room, so that a dead disk costs the training loop one wait, not thousands.
   */
  #waitFor(words: number): boolean {
    if (this.#blockSpent) return false
    const deadline = performance.now() + this.maxBlockMs
    for (;;) {
      const ticket = Atomics.load(this.header, I32.SPACE)
      Atomics.store(this.header, I32.WAITING, 1)
      this.#control.wake()
      this.#cachedTail = Atomics.load(this.header, this.#tailIndex)
      if (this.#fits(words)) break
      const left = deadline - performance.now()
      if (left <= 0) {
        this.#blockSpent = true
        break
      }
      Atomics.wait(this.header, I32.SPACE, ticket, left)
    }
    Atomics.store(this.header, I32.WAITING, 0)
    return this.#fits(words)
  }

  /** Wakes the drain once per tail: again only when it has made room and the ring is still, or again, so full. */
  #crossedHalf(): void {
    const tail = Atomics.load(this.header, this.#tailIndex)
    this.#cachedTail = tail
    if ((this.#head - tail) >>> 0 <= this.#half || tail === this.#wokenAt) return
    this.#wokenAt = tail
    this.#control.wake()
  }
}
