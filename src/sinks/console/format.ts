/** Numbers as a person reads them: four significant digits, at most 9 characters. */

const MINUTE = 60
const HOUR = 60 * MINUTE
/** From here on, and below the other, digits give way to an exponent. */
const LARGE = 1e7
const SMALL = 1e-3

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** 1.234, 0.5000, 12, 12,346, 1.234e9, 3.00e-4, NaN, Infinity. */
export function numberText(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value)) return `${value}`
  if (value === 0) return '0'
  if (size >= LARGE || size < SMALL) return exponential(value)
  // Beyond 999.95 four digits leave no fraction, and rounding may give a fifth.
  if (Number.isInteger(value) || size >= 999.95) return grouped.format(value)
  return value.toPrecision(4)
}

/** Fractional steps keep their fraction. */
export function stepText(step: number): string {
  return Number.isSafeInteger(step) ? grouped.format(step) : `${step}`
}

/** 0:01:23, 123:00:00. */
export function durationText(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000))
  const minutes = Math.floor((total % HOUR) / MINUTE)
  return `${Math.floor(total / HOUR)}:${twoDigits(minutes)}:${twoDigits(total % MINUTE)}`
}

/** A name that comes from outside must not move the cursor, clear the screen or begin a new line. */
export function printable(name: string): string {
  return name.replace(/\p{Cc}/gu, '?')
}

/** 3.00e-4, 1.235e9: the fourth digit only where it says something. */
function exponential(value: number): string {
  return value.toExponential(3).replace('0e', 'e').replace('e+', 'e')
}

function twoDigits(value: number): string {
  return `${value}`.padStart(2, '0')
}
