import { yDomainOf } from './y-domain.js'

/** Fewer points show their course by themselves. */
const FEWEST = 50
/** The part of a line that one value of its smoothed line stands for, about. */
const WINDOW = 0.01
/** A line that goes up and down so many times its height is noise around a course; another one is a course. */
const NOISY = 4

/** How much is smoothed where nobody says it: by how many points there are, and not at all where there is no noise. */
export function defaultSmoothing(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite)
  if (finite.length < FEWEST) return 0
  const [low, high] = yDomainOf(finite, false).domain
  const near = finite.map((value) => Math.min(high, Math.max(low, value)))
  let way = 0
  for (let index = 1; index < near.length; index++) way += Math.abs(near[index]! - near[index - 1]!)
  return way > NOISY * (high - low) ? 1 - 1 / Math.max(1, finite.length * WINDOW) : 0
}

/**
 * Exponential moving average, to both sides, so that the smoothed line is not behind the values: the lowest point of a
 * loss stays where it is. `weight`: 0 (no smoothing) to just under 1; a neighbour counts so much of what the one before it
 * does. What is not finite stays as it is and does not count, and single values that are very far from all others count as
 * if they were at the edge of the chart.
 */
export function smooth(values: readonly number[], weight: number): number[] {
  if (weight <= 0) return [...values]
  const [low, high] = yDomainOf(values.filter(Number.isFinite), false).domain
  const near = values.map((value) => (Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : value))
  const before = decaying(near, weight)
  const after = decaying(near.toReversed(), weight).reverse()
  return near.map((value, index) => {
    if (!Number.isFinite(value)) return value
    const [left, right] = [before[index]!, after[index]!]
    // The value itself is in both.
    return (left.sum + right.sum - value) / (left.weights + right.weights - 1)
  })
}

/** Of each value and those before it: the sum, and the sum of what each counts. */
function decaying(
  values: readonly number[],
  weight: number,
): { readonly sum: number; readonly weights: number }[] {
  let sum = 0
  let weights = 0
  return values.map((value) => {
    if (Number.isFinite(value)) {
      sum = sum * weight + value
      weights = weights * weight + 1
    }
    return { sum, weights }
  })
}
