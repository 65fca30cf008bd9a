import { FONT_FILES, readWidths, type Widths } from './font.js'

/** What Vega asks about: a mark or a label. */
interface TextItem {
  readonly fontSize?: number
  readonly fontWeight?: string | number
  readonly text?: unknown
}

/** Vega's own object: a function that is set here takes the place of its estimate. */
export interface TextMetrics {
  width: (item: TextItem, text?: unknown) => number
}

const DEFAULT_FONT_SIZE = 11

/**
 * Vega guesses widths where there is no canvas, a third too wide: legends and axes would stand too far apart. The
 * fonts that the plots come with tell them exactly.
 */
export function installTextWidths(metrics: TextMetrics): void {
  const [regular, bold] = FONT_FILES.map((file) => remember(readWidths(file))) as [Widths, Widths]
  metrics.width = (item, text) => {
    const shown = String(text ?? item.text ?? '')
    const widths = item.fontWeight === 'bold' || Number(item.fontWeight) >= 600 ? bold : regular
    let width = 0
    for (const character of shown) width += widths(character.codePointAt(0)!)
    return width * (item.fontSize ?? DEFAULT_FONT_SIZE)
  }
}

function remember(widths: Widths): Widths {
  const known = new Map<number, number>()
  return (code) => {
    let width = known.get(code)
    if (width === undefined) {
      width = widths(code)
      known.set(code, width)
    }
    return width
  }
}
