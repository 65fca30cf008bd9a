import { escapeMarkdown } from '../../../src/report/escape.js'

/** Cells are Markdown already; those of columns whose head begins with `>` stand at the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const marks = head.map((text) => (text.startsWith('>') ? '---:' : '---'))
  return [line(head.map((text) => text.replace(/^>/, ''))), line(marks), ...rows.map(line)].join('\n')
}

/** A text of a report as it is, not as markup. */
export const plain = escapeMarkdown

export const list = (items: readonly string[], none: string): string =>
  items.length === 0 ? none : items.map((item) => `- ${item}`).join('\n')

/** An SVG for each of GitHub's two themes. */
export const picture = (file: string, alt: string): string => {
  const text = alt.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;')
  return `<picture>
  <source media="(prefers-color-scheme: dark)" srcset="${file}-dark.svg">
  <img alt="${text}" src="${file}.svg">
</picture>`
}

export const details = (summary: string, body: string): string =>
  `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`
