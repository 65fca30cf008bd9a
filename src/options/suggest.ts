import { quote } from './describe.js'

/** ` (did you mean "x"?)`, or nothing where no candidate is close to what was given. */
export function didYouMean(given: unknown, candidates: readonly string[]): string {
  const best = typeof given === 'string' ? closest(given, candidates) : null
  return best === null ? '' : ` (did you mean ${quote(best)}?)`
}

/** The candidate within a small edit distance of `given`; case, `-` and `_` do not count. */
export function closest(given: string, candidates: readonly string[]): string | null {
  const wanted = simplify(given)
  // Longer than any option can be: the table of distances would only cost time.
  if (wanted === '' || wanted.length > 64) return null
  let best: string | null = null
  // More edits than this make another word of it.
  let bestDistance = wanted.length <= 4 ? 1.5 : 2.5
  for (const candidate of candidates) {
    const name = simplify(candidate)
    // Of two that are equally near, the one that begins alike: "ofline" is "offline", not "online".
    const distance = editDistance(wanted, name) - commonPrefix(wanted, name) / 1000
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function commonPrefix(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

function simplify(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, '')
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let distance = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, beforeLast[j - 2]! + 1)
      }
      row.push(distance)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
