/** Numbers as the words of a plot give them. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return value.toLocaleString('en-US')
  return String(Number(value.toPrecision(4)))
}

const UNITS = [
  { title: 's', ms: 1000 },
  { title: 'min', ms: 60_000 },
  { title: 'h', ms: 3_600_000 },
  { title: 'days', ms: 86_400_000 },
] as const

export type TimeUnit = (typeof UNITS)[number]

/** The unit in which a run of this length is some tens long. */
export const timeUnitOf = (lengthMs: number): TimeUnit =>
  UNITS.findLast(({ ms }) => lengthMs >= 3 * ms) ?? UNITS[0]

/** `3 more metrics are not shown`: what is left out of a plot is told in it. */
export const notShown = (count: number, noun: string): string =>
  count === 1 ? `1 more ${noun} is not shown` : `${numberText(count)} more ${noun}s are not shown`
