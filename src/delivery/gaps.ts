import type { RecordBatch } from '../record/batch.js'

type Next = { readonly [producer: string]: number }
type Sequences = ReadonlyMap<number, readonly number[]>

/** Rows that a batch does not have, by sequence numbers. */
export interface Gaps {
  /** No block of the journal holds them any more. */
  lost: number
  /** They count no more: see journal/rewinds.ts. */
  superseded: number
}

/** Moves the expected sequence numbers over rows `from .. to - 1`; says what is missing between them. */
export function advance(
  next: Record<string, number>,
  batch: RecordBatch,
  from: number,
  to: number,
  superseded: Sequences,
): Gaps {
  const gaps: Gaps = { lost: 0, superseded: 0 }
  for (let row = from; row < to; row++) {
    const producer = batch.producers[row]!
    const sequence = batch.sequences[row]!
    const expected = next[producer] ?? 0
    if (sequence > expected) addGaps(gaps, between(producer, expected, sequence, superseded))
    next[producer] = sequence + 1
  }
  return gaps
}

/** What is missing behind `next`, though no row that is there comes after it. */
export function behind(next: Next, after: Next, superseded: Sequences): Gaps {
  const gaps: Gaps = { lost: 0, superseded: 0 }
  for (const [producer, sequence] of Object.entries(after)) {
    addGaps(gaps, between(Number(producer), next[producer] ?? 0, sequence, superseded))
  }
  return gaps
}

export function addGaps(gaps: Gaps, { lost, superseded }: Gaps): void {
  gaps.lost += lost
  gaps.superseded += superseded
}

function between(producer: number, from: number, to: number, superseded: Sequences): Gaps {
  const sequences = superseded.get(producer)
  if (sequences === undefined) return { lost: to - from, superseded: 0 }
  const left = firstAtLeast(sequences, to) - firstAtLeast(sequences, from)
  return { lost: to - from - left, superseded: left }
}

/** Index of the first that is not below `bound`, in ascending numbers. */
function firstAtLeast(numbers: readonly number[], bound: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numbers[middle]! < bound) low = middle + 1
    else high = middle
  }
  return low
}
