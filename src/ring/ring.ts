import {
  F64,
  HEADER_BYTES,
  I32,
  MAX_REGIONS,
  RING_MAGIC,
  RING_VERSION,
  tailIndex,
  WHEN_FULL,
  type WhenFull,
  WORD_BYTES,
} from './layout.js'

export interface RingOptions {
  readonly producer: number
  /** Bytes of the first region: a power of two. */
  readonly capacityBytes: number
  readonly whenFull: WhenFull
  /** With `grow`: the largest region. */
  readonly maxCapacityBytes: number
  /** With `block`: the longest wait of one call, in milliseconds. */
  readonly maxBlockMs: number
  /** Where head and tail start. Tests start just below 2^32, to see the counters wrap. */
  readonly firstPosition?: number
}

/**
 * Allocates a ring. Memory is reserved for every region, but the operating system hands out a page only when it
 * is first touched: a ring that never grows costs its first region.
 */
export function createRing(options: RingOptions): SharedArrayBuffer {
  const capacityWords = options.capacityBytes / WORD_BYTES
  let regions = 1
  let totalBytes = options.capacityBytes
  if (options.whenFull === 'grow') {
    while (regions < MAX_REGIONS && options.capacityBytes * 2 ** regions <= options.maxCapacityBytes) {
      totalBytes += options.capacityBytes * 2 ** regions
      regions++
    }
  }
  const buffer = new SharedArrayBuffer(HEADER_BYTES + totalBytes)
  const header = new Int32Array(buffer, 0, HEADER_BYTES / 4)
  header[I32.MAGIC] = RING_MAGIC
  header[I32.VERSION] = RING_VERSION
  header[I32.PRODUCER] = options.producer
  header[I32.CAPACITY] = capacityWords
  header[I32.REGIONS] = regions
  header[I32.WHEN_FULL] = WHEN_FULL.indexOf(options.whenFull)
  header[I32.MAX_BLOCK_MS] = options.maxBlockMs
  const first = (options.firstPosition ?? 0) | 0
  header[I32.HEAD] = first
  header[tailIndex(0)] = first
  new Float64Array(buffer, 0, HEADER_BYTES / 8)[F64.LAST_STEP] = -1
  return buffer
}

/** Its producer is gone, or has not come yet. */
export const isClosed = (buffer: SharedArrayBuffer): boolean =>
  new Int32Array(buffer, 0, HEADER_BYTES / 4)[I32.CLOSED] !== 0

/** One region of a ring, seen by either side. */
export class RingRegion {
  readonly capacityWords: number
  readonly mask: number
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly f64: Float64Array
  readonly i64: BigInt64Array
  readonly bytes: Uint8Array

  constructor(buffer: SharedArrayBuffer, region: number) {
    const header = new Int32Array(buffer, 0, HEADER_BYTES / 4)
    if (header[I32.MAGIC] !== RING_MAGIC || header[I32.VERSION] !== RING_VERSION) {
      throw new Error('This SharedArrayBuffer is no offstep ring, or one of another version of offstep')
    }
    const first = header[I32.CAPACITY]!
    this.capacityWords = first * 2 ** region
    this.mask = this.capacityWords - 1
    const offset = HEADER_BYTES + (2 ** region - 1) * first * WORD_BYTES
    this.i32 = new Int32Array(buffer, offset, this.capacityWords * 2)
    this.u32 = new Uint32Array(buffer, offset, this.capacityWords * 2)
    this.f64 = new Float64Array(buffer, offset, this.capacityWords)
    this.i64 = new BigInt64Array(buffer, offset, this.capacityWords)
    this.bytes = new Uint8Array(buffer, offset, this.capacityWords * WORD_BYTES)
  }
}
