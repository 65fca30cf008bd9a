import {
  type Block,
  type Inline,
  type Report,
  type Section,
  safeHref,
  type TableBlock,
  textOf,
} from './document.js'
import { escapeHtml } from './escape.js'
import type { Figure } from './figures.js'
import { seal } from './seal.js'
import { STYLE } from './style.js'

/** Nothing is loaded from anywhere, and nothing runs, whatever is in the page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/** The report as one HTML page that needs no other file. */
export function renderHtml(report: Report, observations: string): string {
  const title = escapeHtml(report.title)
  return seal(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="offstep report">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
<p class="lead">${escapeHtml(report.lead)}</p>
</header>
${report.sections.map((section) => sectionHtml(section, observations)).join('\n')}
</main>
</body>
</html>`)
}

function sectionHtml({ title, blocks, folded }: Section, observations: string): string {
  const heading = `<h2>${escapeHtml(title)}</h2>`
  const body = blocks.map((block) => blockHtml(block, observations)).join('\n')
  const inside = folded
    ? `<details>\n<summary>${heading}</summary>\n${body}\n</details>`
    : `${heading}\n${body}`
  return `<section>\n${inside}\n</section>`
}

function blockHtml(block: Block, observations: string): string {
  switch (block.kind) {
    case 'table':
      return tableHtml(block)
    case 'text':
      return `${headingHtml(block.heading)}<p class="text">${escapeHtml(block.text.trim())}</p>`
    case 'figure':
      return figureHtml(block.figure)
    case 'observations':
      return observations === ''
        ? '<p class="none">None yet. They are written into report.md, and stand here when the report is made again.</p>'
        : `<div class="text own">${escapeHtml(observations)}</div>`
  }
}

const headingHtml = (text: string | undefined): string =>
  text === undefined ? '' : `<h3>${escapeHtml(text)}</h3>\n`

function figureHtml({ title, light, dark }: Figure): string {
  const label = `role="img" aria-label="${escapeHtml(title)}"`
  return `<figure ${label}>\n<div class="light">${light}</div>\n<div class="dark">${dark}</div>\n</figure>`
}

function tableHtml({ columns, rows }: TableBlock): string {
  const aligns = columns?.map(({ align }) => align) ?? []
  const cell = (name: 'td' | 'th', text: string, at: number): string =>
    `<${name}${aligns[at] === 'right' ? ' class="number"' : ''}>${text}</${name}>`
  const head = columns?.map(({ title }, at) => cell('th', escapeHtml(title), at)).join('')
  const rowCell = (inline: Inline, at: number): string =>
    columns === null && at === 0
      ? `<th scope="row">${inlineHtml(inline)}</th>`
      : cell('td', inlineHtml(inline), at)
  const body = rows.map((row) => `<tr>${row.map((inline, at) => rowCell(inline, at)).join('')}</tr>`)
  const thead = head === undefined ? '' : `<thead><tr>${head}</tr></thead>\n`
  return `<div class="wide"><table${columns === null ? ' class="facts"' : ''}>\n${thead}<tbody>\n${body.join('\n')}\n</tbody></table></div>`
}

function inlineHtml(inline: Inline): string {
  const text = escapeHtml(textOf(inline))
  if (typeof inline === 'string') return text
  if (inline.style === 'code') return text === '' ? '' : `<code>${text}</code>`
  const href = safeHref(inline.href)
  const linked = href === null ? text : `<a href="${escapeHtml(href)}" rel="noopener noreferrer">${text}</a>`
  return inline.style === 'best' ? `<strong>${linked}</strong>` : linked
}
