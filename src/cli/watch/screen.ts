const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
/** A line that is too long must not become two: the next frame would begin a line too low. */
const NO_WRAP = '\x1b[?7l'
const WRAP = '\x1b[?7h'
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'
const CLEAR_ALL = '\x1b[2J\x1b[H'

export interface Terminal {
  readonly columns: number
  readonly rows: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
  off(event: 'resize', listener: () => void): unknown
}

/** Lines that are drawn over those before, in one write, so that nothing flickers. `close()` gives the terminal back. */
export class Screen {
  readonly #terminal: Terminal
  readonly #onResize: () => void
  #drawn = 0
  #resized = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    // Where the old lines are now, only the terminal knows.
    this.#onResize = () => {
      this.#resized = true
    }
    terminal.on('resize', this.#onResize)
    terminal.write(HIDE_CURSOR + NO_WRAP)
  }

  /** A terminal that does not know its size says 0. */
  get columns(): number {
    return this.#terminal.columns || 80
  }

  /** Lines that fit, without the one where the cursor is. */
  get height(): number {
    return Math.max(1, (this.#terminal.rows || 24) - 1)
  }

  draw(lines: readonly string[]): void {
    const up = this.#drawn === 0 ? '' : `\x1b[${this.#drawn}A\r`
    const start = this.#resized ? CLEAR_ALL : up
    this.#resized = false
    this.#drawn = lines.length
    this.#terminal.write(`${start}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`)
  }

  /** The last frame stays. */
  close(): void {
    this.#terminal.off('resize', this.#onResize)
    this.#terminal.write(WRAP + SHOW_CURSOR)
  }
}
