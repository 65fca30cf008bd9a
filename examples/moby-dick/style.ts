import { styleText } from 'node:util'

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR

const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
  coloured ? styleText(format, text) : text

export const bold = style('bold')
export const dim = style('dim')
export const green = style('green')
export const cyan = style('cyan')

/** Whole numbers with separators, small ones with enough digits to tell two apart. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  if (Math.abs(value) >= 0.01) return value.toFixed(3)
  return value.toExponential(1)
}
