/** Records of one producer, by their sequence numbers: `from` to `to - 1`. */
export interface RecordRange {
  readonly from: number
  readonly to: number
}

/** Records that the journal once had and holds no more. */
export class LostRecords {
  /** Per producer, in ascending order, without overlaps. */
  readonly #ranges: ReadonlyMap<number, readonly RecordRange[]>

  constructor(ranges: ReadonlyMap<number, readonly RecordRange[]>) {
    this.#ranges = ranges
  }

  has(producer: number, sequence: number): boolean {
    const ranges = this.#ranges.get(producer) ?? []
    let low = 0
    let high = ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (ranges[middle]!.to <= sequence) low = middle + 1
      else high = middle
    }
    return low < ranges.length && ranges[low]!.from <= sequence
  }

  get count(): number {
    let count = 0
    for (const ranges of this.#ranges.values()) for (const { from, to } of ranges) count += to - from
    return count
  }

  /** Those before a place, by the next sequence number of each producer; what the journal has after `ends` is lost too. */
  before(
    next: { readonly [producer: string]: number },
    ends: { readonly [producer: string]: number },
  ): LostRecords {
    const behind = new Map<number, RecordRange[]>()
    for (const [name, end] of Object.entries(next)) {
      const producer = Number(name)
      const kept = (this.#ranges.get(producer) ?? [])
        .filter(({ from }) => from < end)
        .map(({ from, to }) => ({ from, to: Math.min(to, end) }))
      const last = Math.max(ends[name] ?? 0, kept.at(-1)?.to ?? 0)
      if (last < end) kept.push({ from: last, to: end })
      behind.set(producer, kept)
    }
    return new LostRecords(behind)
  }
}
