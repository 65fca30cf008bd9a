/**
 * Memory of one ring: a SharedArrayBuffer that one thread fills and one thread empties.
 *
 *     0     identity   magic, version, producer id, "connected" flag
 *     128   head       written by the producer only (a line of its own: no false sharing with the consumer)
 *     256   producer   counters of the producer, float64
 *     384   consumer   counters of the consumer, float64
 *     512   regions    per region: tail, sealed head (a 128-byte line each)
 *     2048  data       region 0, then region 1 (twice as large), ...
 *
 * head and tail count 8-byte words, as int32 that wrap; `(head - tail) >>> 0` is the fill. A region is a ring;
 * a producer that may grow seals the region it is in and goes on in the next, twice as large; the consumer
 * follows when it has emptied the sealed one. With policies other than `grow` there is only region 0.
 *
 * Counters are float64: exact to 2^53, each has one writer, and an aligned 8-byte store is one instruction on
 * every 64-bit machine that Node runs on.
 */
export const RING_MAGIC = 0x0ff57e90
export const RING_VERSION = 1
export const WORD_BYTES = 8
export const LINE_BYTES = 128
export const HEADER_BYTES = 2048

/** Indexes into the header as Int32Array. */
export const I32 = {
  MAGIC: 0,
  VERSION: 1,
  PRODUCER: 2,
  CONNECTED: 3,
  /** Words of region 0. */
  CAPACITY: 4,
  REGIONS: 5,
  WHEN_FULL: 6,
  MAX_BLOCK_MS: 7,
  /** Set by the run's owner when no further record is wanted. */
  CLOSED: 8,
  HEAD: 128 / 4,
  /** The region that the producer writes to. */
  REGION: 128 / 4 + 1,
  /** Bumped by the consumer when it has made room and the producer waits for it. */
  SPACE: 384 / 4,
  /** Set by a producer that waits for room. */
  WAITING: 384 / 4 + 1,
} as const

/** Index of a region's line as Int32Array: tail, then the head at which the producer left the region. */
export const tailIndex = (region: number): number => (512 + region * LINE_BYTES) / 4
export const sealIndex = (region: number): number => tailIndex(region) + 1
/** At most this many regions fit between 512 and HEADER_BYTES. */
export const MAX_REGIONS = (HEADER_BYTES - 512) / LINE_BYTES

/** Indexes into the header as Float64Array. */
export const F64 = {
  /** Rows put into the ring; also the sequence number of the next row. */
  PUBLISHED: 256 / 8,
  /** Values of rows that were null or undefined. */
  SKIPPED_VALUES: 256 / 8 + 1,
  /** Values of rows that were no number, or had a name that is not allowed. */
  REFUSED_VALUES: 256 / 8 + 2,
  /** Rows that wait for a tensor to be read back. */
  READING: 256 / 8 + 3,
  LAST_STEP: 256 / 8 + 4,
  /** One counter per DROP_CAUSES entry. */
  DROPPED: 256 / 8 + 5,
  /** Media calls that were handed to the daemon. */
  MEDIA_POSTED: 256 / 8 + 14,
  /** Rows that the journal has: the sequence number of the next row to be journaled. */
  JOURNALED: 384 / 8 + 1,
  /** Rows that an fdatasync has put on the disk. */
  SYNCED: 384 / 8 + 2,
  /** Media calls of this producer that the daemon has done with: they are in the media ring, or dropped. */
  MEDIA_DONE: 384 / 8 + 3,
  /** Of the media ring, which has one region: its desk's last commit (see daemon/media-commit.ts). */
  MEDIA_COMMIT: (512 + 11 * 128) / 8,
} as const

/**
 * Why a row was not kept.
 * - `ring-full`: the drain could not keep up, or the disk did not take more, and the policy's limit was reached
 * - `too-large`: one row that is larger than half the ring
 * - `invalid-step`: a step that is no finite number
 * - `no-values`: nothing in the row could be logged
 * - `closed`: logged after `finish()`
 * - `read-back`: a tensor could not be read, or too many tensors waited to be read
 * - `invalid-media`: a media call (an image, a histogram, ...) whose input makes none
 * - `media-backlog`: media calls came faster than they could be worked up, or the run ended before
 */
export const DROP_CAUSES = [
  'ring-full',
  'too-large',
  'invalid-step',
  'no-values',
  'closed',
  'read-back',
  'invalid-media',
  'media-backlog',
] as const
export type DropCause = (typeof DROP_CAUSES)[number]
export const DROP = Object.fromEntries(
  DROP_CAUSES.map((cause, index) => [cause, F64.DROPPED + index]),
) as Record<DropCause, number>

export const WHEN_FULL = ['drop', 'grow', 'block'] as const
export type WhenFull = (typeof WHEN_FULL)[number]
