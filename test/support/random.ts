/** Mulberry32: a small seeded generator, so that a failing cycle can be replayed from the seed that it prints. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number given by the environment, so that CI may repeat more often than a desk does. */
export function countFromEnv(name: string, byDefault: number): number {
  const given = Number(process.env[name])
  return Number.isSafeInteger(given) && given > 0 ? given : byDefault
}
