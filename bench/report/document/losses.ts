import { type Figure, verdict } from '../../benchmark.js'
import type { Chart } from '../../chart.js'
import { betterOf, byMerit } from '../direction.js'
import { latencyText, withUnit } from '../numbers.js'
import type { BenchmarkReport } from '../report.js'
import { type Role, roleOf } from '../role.js'

export const missesOf = ({ figures }: BenchmarkReport): Figure[] =>
  figures.filter((figure) => verdict(figure) === 'miss')

/** A chart in which a peer has a better value than one of ours. */
export interface Loss {
  readonly what: string
  /** With its value. */
  readonly ours: string
  /** The best first, each with its value. */
  readonly peers: readonly string[]
}

interface Contender {
  readonly name: string
  readonly value: number
  readonly role: Role
}

/** In the charts that show ours beside others. Of distributions p99.9 counts. */
export function lossesOf(chart: Chart): Loss[] {
  if (chart.kind === 'curves') return []
  if (chart.kind === 'percentiles') {
    const contenders = chart.lines.map(({ name, latencies }) => ({
      name,
      value: latencies.p999,
      role: roleOf(name),
    }))
    return lost(`${chart.title}: p99.9`, contenders, (a, b) => a - b, latencyText)
  }
  const better = betterOf({ name: chart.title, unit: chart.unit })
  if (better === null) return []
  const contenders = chart.bars.map(({ name, value, ours }) => ({
    name,
    value,
    role: ours ? ('ours' as const) : roleOf(name),
  }))
  return lost(chart.title, contenders, byMerit(better), (value) => withUnit(value, chart.unit))
}

/** Where ours are several, the worst of them counts. */
function lost(
  what: string,
  contenders: readonly Contender[],
  order: (a: number, b: number) => number,
  text: (value: number) => string,
): Loss[] {
  const measured = contenders
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => order(a.value, b.value))
  const worst = measured.findLast(({ role }) => role === 'ours')
  if (worst === undefined) return []
  const better = measured.filter(({ role, value }) => role === 'peer' && order(value, worst.value) < 0)
  const named = ({ name, value }: Contender) => `${name} ${text(value)}`
  return better.length === 0 ? [] : [{ what, ours: named(worst), peers: better.map(named) }]
}
