/** Returns the next number in [0, 1). */
export interface Random {
  (): number
  /** With it, the same numbers come again. */
  state: number
}

/** mulberry32: a 32-bit generator that gives the same numbers on every machine and backend. */
export function createRandom(seed: number): Random {
  const next = () => {
    next.state = (next.state + 0x6d2b79f5) | 0
    let t = Math.imul(next.state ^ (next.state >>> 15), 1 | next.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  next.state = seed | 0
  return next
}

/** `length` draws from a normal distribution with mean 0 (Box-Muller). */
export function normal(random: Random, length: number, standardDeviation: number): Float32Array {
  return Float32Array.from(
    { length },
    () => standardDeviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  )
}
