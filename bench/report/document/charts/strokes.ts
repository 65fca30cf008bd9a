import { colorAt, type Theme } from '../../../../src/plots/theme.js'
import { roleOf } from '../../role.js'

export interface Stroke {
  readonly color: string
  readonly strokeWidth: number
  readonly strokeDash: number[]
  readonly ours: boolean
}

/** Where there are more lines than colours, dashes tell them apart. */
const DASHES = [[], [7, 3], [2, 3]]
const BASELINE = [1, 2]

/** Among peers ours are thick; alone, all lines are equals. What does no work is grey. */
export function strokesOf(names: readonly string[], theme: Theme): Stroke[] {
  const roles = names.map(roleOf)
  const among = roles.includes('ours') && roles.includes('peer')
  let colored = 0
  return roles.map((role) => {
    const ours = among && role === 'ours'
    if (role === 'baseline') return { color: theme.muted, strokeWidth: 1.7, strokeDash: BASELINE, ours }
    const index = colored++
    return {
      color: colorAt(theme, index),
      strokeWidth: ours ? 3.2 : 1.7,
      strokeDash: DASHES[Math.floor(index / theme.palette.length) % DASHES.length]!,
      ours,
    }
  })
}
