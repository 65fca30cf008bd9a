/** Per producer: first row, and the row behind the last. */
export type RowRanges = Map<number, [from: number, to: number]>

export function addRange(ranges: RowRanges, producer: number, from: number, to: number): void {
  const range = ranges.get(producer)
  if (range === undefined) ranges.set(producer, [from, to])
  else ranges.set(producer, [Math.min(range[0], from), Math.max(range[1], to)])
}

/** Buffers that are kept to be used again; as many as a second of a fast run fills. */
const MAX_SPARE = 32

/** What a failed sync would have to be written again from: whole buffers since the last sync, oldest first. */
export class UnsyncedBuffers {
  readonly #bufferBytes: number
  readonly #kept: { readonly bytes: Buffer<ArrayBuffer>; readonly rows: RowRanges }[] = []
  readonly #spare: Buffer<ArrayBuffer>[] = []
  /** Rows whose records begin in the buffer that is being filled. */
  rows: RowRanges = new Map()

  constructor(bufferBytes: number) {
    this.#bufferBytes = bufferBytes
  }

  get bytes(): number {
    return this.#kept.length * this.#bufferBytes
  }

  get parts(): Buffer[] {
    return this.#kept.map(({ bytes }) => bytes)
  }

  /** Keeps a full buffer; returns the one that is filled from now on. */
  keep(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
    this.#kept.push({ bytes, rows: this.rows })
    this.rows = new Map()
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#bufferBytes)
  }

  /** All of it is synced. */
  clear(): void {
    for (const { bytes } of this.#kept.splice(0)) if (this.#spare.length < MAX_SPARE) this.#spare.push(bytes)
  }

  /** Rows whose records begin in a buffer, and `more`. */
  ranges(more: RowRanges): RowRanges {
    const all: RowRanges = new Map()
    for (const rows of [...this.#kept.map((kept) => kept.rows), this.rows, more]) {
      for (const [producer, [from, to]] of rows) addRange(all, producer, from, to)
    }
    return all
  }
}
