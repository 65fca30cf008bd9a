/** Texts of users, as the text that they are: none of it becomes markup. */
import { printable } from '../text/text.js'

const HTML: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For an element's text, and for the value of an attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => HTML[character]!)

/** Within a line of Markdown, a cell of a table too. */
export function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(/[&<>]/g, (character) => HTML[character]!)
    .replace(/[\\`*[\]|~$]/g, '\\$&')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
}

/** Code within a line of Markdown. A bar ends the cell of a table, in code too. */
export function markdownCode(text: string): string {
  const shown = printable(text).replace(/\|/g, '\\|')
  if (shown.trim() === '') return ''
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  const space = shown.startsWith('`') || shown.endsWith('`') ? ' ' : ''
  return `${fence}${space}${shown}${space}${fence}`
}

/** What begins a heading, a list, a quotation or a rule, where it begins a line. */
const LINE_START = /^([#+=-]|\d+(?=[.)]))/

/** Paragraphs with the line breaks that they have. */
export function markdownText(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  const escaped = lines.map((line) =>
    escapeMarkdown(line.trim()).replace(LINE_START, (start) =>
      /\d/.test(start) ? `${start}\\` : `\\${start}`,
    ),
  )
  return escaped
    .map((line, at) => (line === '' || (escaped[at + 1] ?? '') === '' ? line : `${line}\\`))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
