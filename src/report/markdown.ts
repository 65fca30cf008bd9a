import {
  type Block,
  type Inline,
  type Report,
  type Section,
  safeHref,
  type TableBlock,
  textOf,
} from './document.js'
import { escapeMarkdown, markdownCode, markdownText } from './escape.js'
import { BEGIN, END, INVITATION } from './observations.js'
import { seal } from './seal.js'

/** The report as Markdown (CommonMark, with GitHub's tables). */
export function renderMarkdown(report: Report, observations: string): string {
  return seal(markdownOf(report, observations), markdownOf(report, null))
}

/** `observations`: null, the report without what is a person's. */
function markdownOf({ title, lead, sections }: Report, observations: string | null): string {
  const head = [`# ${escapeMarkdown(title)}`, escapeMarkdown(lead)]
  return [...head, ...sections.flatMap((section) => sectionLines(section, observations))].join('\n\n')
}

const sectionLines = ({ title, blocks }: Section, observations: string | null): string[] => [
  `## ${escapeMarkdown(title)}`,
  ...blocks.map((block) => blockText(block, observations)),
]

function blockText(block: Block, observations: string | null): string {
  switch (block.kind) {
    case 'table':
      return tableText(block)
    case 'text':
      return [...headingLines(block.heading), markdownText(block.text)].join('\n\n')
    case 'figure':
      return `![${escapeMarkdown(block.figure.title)}](${block.figure.link})`
    case 'observations':
      return observations === null
        ? `${BEGIN}\n${END}`
        : `${BEGIN}\n\n${observations || INVITATION}\n\n${END}`
  }
}

const headingLines = (text: string | undefined): string[] =>
  text === undefined ? [] : [`### ${escapeMarkdown(text)}`]

function tableText({ columns, rows }: TableBlock): string {
  const shown = columns ?? [{ title: '' }, { title: '' }]
  return [
    rowText(shown.map(({ title }) => title)),
    `|${shown.map(({ align }) => (align === 'right' ? ' ---: ' : ' --- ')).join('|')}|`,
    ...rows.map(rowText),
  ].join('\n')
}

const rowText = (cells: readonly Inline[]): string => `| ${cells.map(inlineText).join(' | ')} |`

function inlineText(inline: Inline): string {
  const text = textOf(inline)
  if (typeof inline === 'string') return escapeMarkdown(text)
  if (inline.style === 'code') return markdownCode(text)
  const escaped = escapeMarkdown(text)
  const href = safeHref(inline.href)
  const linked = href === null ? escaped : `[${escaped}](<${href.replace(/\|/g, '%7C')}>)`
  return inline.style === 'best' && linked !== '' ? `**${linked}**` : linked
}
