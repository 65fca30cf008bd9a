import type { Figure } from '../benchmark.js'

/** What stands where nothing could be measured. */
export const NOTHING = '–'

/** Three or four digits. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return NOTHING
  if (Number.isInteger(value)) return value.toLocaleString('en')
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en')
  if (size < 0.1) return String(Number(value.toPrecision(2)))
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
}

export const withUnit = (value: number, unit: string): string =>
  Number.isFinite(value) ? `${digits(value)} ${unit}`.trimEnd() : NOTHING

/** A duration in the unit in which it is some units long. */
export function latencyText(us: number): string {
  if (us >= 1e6) return withUnit(us / 1e6, 's')
  return us >= 1000 ? withUnit(us / 1000, 'ms') : withUnit(us, 'us')
}

/** A benchmark says in a figure's name that it could not measure it. */
export const isMeasured = ({ name, measured }: Figure): boolean =>
  Number.isFinite(measured) && !name.endsWith('not measured')

export const measuredText = (figure: Figure): string =>
  isMeasured(figure) ? withUnit(figure.measured, figure.unit) : NOTHING

export function targetText({ target }: Figure): string {
  if (target === undefined) return ''
  return 'atMost' in target ? `<= ${digits(target.atMost)}` : `>= ${digits(target.atLeast)}`
}

/** At most 1.00 where less is better, at least 1.00 where more is. */
export function ofTargetText(figure: Figure): string {
  const { measured, target } = figure
  const limit = target === undefined ? 0 : 'atMost' in target ? target.atMost : target.atLeast
  return limit === 0 || !isMeasured(figure) ? '' : (measured / limit).toFixed(2)
}
