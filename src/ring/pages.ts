import { HEADER_BYTES, WORD_BYTES } from './layout.js'
import { RingRegion } from './ring.js'

const PAGE_BYTES = 4096
const PAGE_WORDS = PAGE_BYTES / WORD_BYTES
/** A larger ring is for bursts that may never come: what is beyond is handed out when it is first used. */
const MAX_POPULATED_BYTES = 16 * 2 ** 20
/** Of the memory that the producer comes to next: some milliseconds of ten million bytes a second. */
const AHEAD_WORDS = (128 * 1024) / WORD_BYTES

/**
 * Has the operating system hand out the first region's memory now, to this thread. Otherwise each page costs the
 * producer a fault (1 to 2 us, one row of ten metrics in 28) the first time round. Any thread, at any time: it
 * stores into every page what is there, atomically.
 */
export function populateRing(buffer: SharedArrayBuffer): void {
  const words = new Int32Array(buffer, HEADER_BYTES)
  const { capacityWords } = new RingRegion(buffer, 0)
  const end = Math.min(capacityWords * WORD_BYTES, MAX_POPULATED_BYTES) / 4
  for (let at = 0; at < end; at += PAGE_BYTES / 4) Atomics.or(words, at, 0)
}

/**
 * The same for the pages that begin soon after `head`. When the process starts another one, as the system monitor does
 * for `nvidia-smi` and data loaders do, the kernel takes the right to write from all of its pages, and gives
 * it back page by page when somebody writes: that is to be the drain, and not the training step.
 */
export function preparePages({ i32, mask, capacityWords }: RingRegion, head: number): void {
  const ahead = Math.min(AHEAD_WORDS, capacityWords)
  const first = (head & mask & -PAGE_WORDS) + PAGE_WORDS
  for (let at = first; at < first + ahead; at += PAGE_WORDS) Atomics.or(i32, (at & mask) * 2, 0)
}
