/** Texts in the columns of a terminal. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours begin with one
const COLORS = /\x1b\[[\d;]*m/g
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u
const ASCII = /^[ -~]*$/

/** Columns of a terminal that a text takes, without its colours. */
export function widthOf(text: string): number {
  // Most texts of a table with thousands of rows.
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const character of text.replace(COLORS, '')) width += WIDE.test(character) ? 2 : 1
  return width
}

/** The longest beginning that is at most `width` wide. */
function beginning(characters: readonly string[], width: number): string {
  let taken = ''
  let used = 0
  for (const character of characters) {
    used += widthOf(character)
    if (used > width) break
    taken += character
  }
  return taken
}

/** At most `width` columns, without colours; what is cut is marked. `middle` keeps both ends, as an id needs it. */
export function truncate(text: string, width: number, where: 'end' | 'middle' = 'end'): string {
  if (widthOf(text) <= width) return text
  if (width <= 1) return width === 1 ? '…' : ''
  const characters = [...text]
  if (where === 'end') return `${beginning(characters, width - 1)}…`
  const tail = Math.floor((width - 1) / 2)
  const end = [...beginning(characters.reverse(), tail)].reverse().join('')
  return `${beginning([...text], width - 1 - tail)}…${end}`
}

/** The widest character: less than this no line can be. */
const LEAST_WIDTH = 2

/** Lines of at most `columns`: broken after spaces and hyphens, and within a word that is too long. */
export function wrap(text: string, columns: number): string[] {
  const width = Math.max(columns, LEAST_WIDTH)
  if (!text.includes('\n') && widthOf(text) <= width) return [text.trimEnd()]
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.match(/[^\s-]*(?:-+|\s+|$)/g) ?? []) {
      if (widthOf(line) + widthOf(word.trimEnd()) > width && line !== '') {
        lines.push(line.trimEnd())
        line = ''
      }
      line += word
      while (widthOf(line.trimEnd()) > width) {
        const part = beginning([...line], width)
        lines.push(part)
        line = line.slice(part.length)
      }
    }
    return line.trim() === '' && lines.length > 0 ? lines : [...lines, line.trimEnd()]
  })
}
