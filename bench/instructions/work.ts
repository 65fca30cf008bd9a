/** What one process does after its warm-up. */
export interface Work {
  /** Reads of the clock. */
  readonly clock: number
  /** Calls of `scalar.log`. */
  readonly scalar: number
  /** Calls of `run.log` with ten metrics. */
  readonly row: number
  /** Passes of the drain, of a mebibyte each, over the ring that those scalars, and those rows, fill. */
  readonly scalarPasses: number
  readonly rowPasses: number
}

export type Kind = keyof Work

export const BASE: Work = { clock: 50_000, scalar: 60_000, row: 20_000, scalarPasses: 1, rowPasses: 1 }

/** The same with twice as much of one kind: the difference costs what the base's share of that kind does. */
export const twice = (kind: Kind): Work => ({ ...BASE, [kind]: BASE[kind] * 2 })

/** What the program says of itself: records that the drain has moved. */
export interface Drained {
  readonly scalars: number
  readonly rows: number
}
