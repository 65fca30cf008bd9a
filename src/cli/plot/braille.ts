const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const
const BLANK = 0x2800

/**
 * Dots in characters of a terminal: each character is 2 dots wide and 4 high, which no other set of characters of this
 * width gives. A cell has the colour of the last line that went through it.
 */
export class BrailleCanvas {
  readonly columns: number
  readonly rows: number
  readonly #dots: Uint8Array
  readonly #lines: Int16Array

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
    this.#dots = new Uint8Array(columns * rows)
    this.#lines = new Int16Array(columns * rows).fill(-1)
  }

  get width(): number {
    return this.columns * 2
  }

  get height(): number {
    return this.rows * 4
  }

  /** `x` from the left, `y` from the top; whole numbers. What is outside is not drawn. */
  dot(x: number, y: number, line: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return
    const cell = (y >> 2) * this.columns + (x >> 1)
    this.#dots[cell]! |= DOTS[y & 3]![x & 1]!
    this.#lines[cell] = line
  }

  /** A straight line. */
  stroke(fromX: number, fromY: number, toX: number, toY: number, line: number): void {
    const steps = Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY), 1)
    for (let step = 0; step <= steps; step++) {
      const part = step / steps
      this.dot(Math.round(fromX + (toX - fromX) * part), Math.round(fromY + (toY - fromY) * part), line)
    }
  }

  /** A row of characters; `paint` colours those of a line. */
  row(row: number, paint: (text: string, line: number) => string): string {
    let text = ''
    for (let column = 0; column < this.columns; column++) {
      const cell = row * this.columns + column
      const dots = this.#dots[cell]!
      text += dots === 0 ? ' ' : paint(String.fromCodePoint(BLANK + dots), this.#lines[cell]!)
    }
    return text.trimEnd()
  }
}
