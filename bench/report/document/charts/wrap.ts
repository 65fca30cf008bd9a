/** What a title of the theme's size has room for in the narrowest chart. */
const TITLE = 62

/** Broken into lines between words, of at most so many characters where the words allow it. */
export function wrapped(text: string, longest: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > longest) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

export const titleOf = (title: string): { text: string[] } => ({ text: wrapped(title, TITLE) })
