/** Values of runs and metrics as commands and reports write them. */
import { durationText, printable } from './text.js'

const DIGITS = 5

/** 0.034519, 12345, 1.25e-9, NaN: as many digits as tell two runs apart. */
export function numberText(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value))
    return Math.abs(value) < 1e15 ? String(value) : value.toExponential()
  const [mantissa, exponent] = value.toExponential(DIGITS - 1).split('e') as [string, string]
  const power = Number(exponent)
  if (power < -4 || power >= 15) return `${Number(mantissa)}e${power}`
  return String(power >= DIGITS ? Math.round(value) : Number(value.toPrecision(DIGITS)))
}

/** Any value of a configuration or a summary, on one line. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return printable(value.join(', '))
  return printable(JSON.stringify(value))
}

/** `just now`, `5 min`, `3 h`, `12 d`: how long ago. */
export function ageText(time: number, now: number): string {
  const minutes = Math.max(0, now - time) / 60_000
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${Math.floor(minutes)} min`
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`
}

/** `2026-11-20 14:30:05`, in local time. */
export function timeText(time: number): string {
  const date = new Date(time)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

export const secondsText = (seconds: number | null): string =>
  seconds === null ? '' : durationText(seconds * 1000)
