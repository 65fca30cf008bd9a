/**
 * A place in a journal as one number: `segment * 2^31 + offset`. Segments count from 1 and are at most 1 GiB,
 * so the number is exact, and places compare with `<`.
 */
const SEGMENT = 2 ** 31

export const MAX_SEGMENT_BYTES = 2 ** 30

/** Before the first record of any journal. */
export const JOURNAL_START = SEGMENT

export const positionOf = (segment: number, offset: number): number => segment * SEGMENT + offset
export const segmentOf = (position: number): number => Math.floor(position / SEGMENT)
export const offsetOf = (position: number): number => position % SEGMENT

/** A place in a journal, and what a reader must know to go on from there. Plain JSON. */
export interface JournalPlace {
  readonly position: number
  /** Next sequence number of each producer. */
  readonly next: { readonly [producer: string]: number }
}

export const FIRST_PLACE: JournalPlace = { position: JOURNAL_START, next: {} }
