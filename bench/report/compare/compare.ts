import type { Report } from '../report.js'
import { type Value, valuesOf } from './values.js'

export interface Change {
  readonly before: Value
  readonly after: Value
  /** 0.1: a tenth more than before. */
  readonly relative: number
}

export interface Comparison {
  readonly slower: readonly Change[]
  readonly better: readonly Change[]
  /** Changed, and nothing says which way is better. */
  readonly unclear: readonly Change[]
  readonly noise: readonly Change[]
  readonly onlyBefore: readonly Value[]
  readonly onlyAfter: readonly Value[]
}

/** `threshold`: relative changes up to it are noise. The largest changes come first. */
export function compareReports(before: Report, after: Report, threshold: number): Comparison {
  const [old, now] = [valuesOf(before), valuesOf(after)]
  const changes: Change[] = []
  for (const [key, value] of now) {
    const previous = old.get(key)
    if (previous !== undefined)
      changes.push({ before: previous, after: value, relative: relativeChange(previous, value) })
  }
  changes.sort((a, b) => Math.abs(b.relative) - Math.abs(a.relative))
  const kind = (change: Change) => kindOf(change, threshold)
  return {
    slower: changes.filter((change) => kind(change) === 'slower'),
    better: changes.filter((change) => kind(change) === 'better'),
    unclear: changes.filter((change) => kind(change) === 'unclear'),
    noise: changes.filter((change) => kind(change) === 'noise'),
    onlyBefore: [...old].filter(([key]) => !now.has(key)).map(([, value]) => value),
    onlyAfter: [...now].filter(([key]) => !old.has(key)).map(([, value]) => value),
  }
}

/** Of what was before; where that is no measure (0, or of the other sign: an overhead), of the target. */
function relativeChange({ value: before, limit }: Value, { value: after }: Value): number {
  if (before === after) return 0
  const scale = before * after > 0 ? Math.abs(before) : Math.max(Math.abs(before), Math.abs(limit ?? 0))
  return (after - before) / scale
}

function kindOf({ relative, after: { better } }: Change, threshold: number): keyof Comparison {
  if (Math.abs(relative) <= threshold) return 'noise'
  if (better === null) return 'unclear'
  return relative > 0 === (better === 'less') ? 'slower' : 'better'
}
