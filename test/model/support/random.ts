/** Seeded random numbers (mulberry32): a case that failed is run again by its seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.u32() / 2 ** 32
  }

  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.unit() * (to - from + 1))
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)]!
  }
}

/**
 * The seeds of a test's cases: `OFFSTEP_TEST_SEED` runs one case again, `OFFSTEP_TEST_CASES` sets how many
 * there are. A failing case prints its seed through `label()`.
 */
export function seeds(cases: number, first = 1): number[] {
  const { OFFSTEP_TEST_SEED: seed, OFFSTEP_TEST_CASES: count } = process.env
  if (seed !== undefined) return [Number(seed)]
  return Array.from({ length: count === undefined ? cases : Number(count) }, (_, index) => first + index)
}

/** Runs a case; what it throws says how to run that case alone. */
export function withSeed(seed: number, run: (random: Random) => void): void {
  try {
    run(new Random(seed))
  } catch (error) {
    if (error instanceof Error) error.message = `OFFSTEP_TEST_SEED=${seed}: ${error.message}`
    throw error
  }
}
