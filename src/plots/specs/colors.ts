import { splitOf } from '../names.js'
import { colorAt, splitColor, type Theme } from '../theme.js'

/** Train, validation and test have their own colours where each is there once; else every line has the next one. */
export function colorsOf(lines: readonly { readonly label: string }[], theme: Theme): string[] {
  const splits = lines.map(({ label }) => splitOf(label))
  const areApart = splits.every((split, index) => split !== null && splits.indexOf(split) === index)
  return splits.map((split, index) => (areApart ? splitColor(theme, split!) : colorAt(theme, index)))
}
