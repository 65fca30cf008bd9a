import type { Figure } from '../benchmark.js'

export type Better = 'less' | 'more'

const RATE = /\/s$| (a|per) second$/
const COST =
  /^(ns|us|ms|s|min|%|x|B|KiB|MiB|GiB|KB|MB|GB|bytes|instructions)( |$)| an? \w+$|\/(call|row|record|step|scalar)$/
/** What a destination has is better the more it is, and only its name tells that it is that. */
const ARRIVED = /arriv|deliver|surviv|at the server|read back/i

/** Which way is better: what the target says, else what the unit means. Null where neither tells. */
export function betterOf({ target, unit, name }: Pick<Figure, 'target' | 'unit' | 'name'>): Better | null {
  if (target !== undefined) return 'atMost' in target ? 'less' : 'more'
  if (RATE.test(unit) || unit === 'rows') return 'more'
  if (ARRIVED.test(unit) || (/^(%.*)?$/.test(unit) && ARRIVED.test(name))) return 'more'
  return COST.test(unit) ? 'less' : null
}

/** The better one first; as they are where nobody knows. */
export const byMerit =
  (better: Better | null) =>
  (a: number, b: number): number =>
    better === null ? 0 : better === 'less' ? a - b : b - a
