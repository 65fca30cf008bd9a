/** A report before it is Markdown or HTML. Texts are plain: whoever renders them escapes them. */
import type { Figure } from './figures.js'

export interface StyledText {
  readonly text: string
  /** `best`: the best value of several runs. */
  readonly style?: 'best' | 'code'
  /** Followed only where it is http or https. */
  readonly href?: string
}

export type Inline = string | StyledText

export interface TableColumn {
  readonly title: string
  readonly align?: 'left' | 'right'
}

export interface TableBlock {
  readonly kind: 'table'
  /** Without any, a table of names and values. */
  readonly columns: readonly TableColumn[] | null
  readonly rows: readonly (readonly Inline[])[]
}

export type Block =
  | TableBlock
  /** Of a person: its line breaks are kept. */
  | { readonly kind: 'text'; readonly text: string; readonly heading?: string }
  | { readonly kind: 'figure'; readonly figure: Figure }
  /** What people write into the report, kept whenever it is written again. */
  | { readonly kind: 'observations' }

export interface Section {
  readonly title: string
  readonly blocks: readonly Block[]
  /** Folded in HTML until somebody asks for it. */
  readonly folded?: boolean
}

export interface Report {
  readonly title: string
  /** One line below the title. */
  readonly lead: string
  readonly sections: readonly Section[]
}

export const OBSERVATIONS_TITLE = 'Observations'
export const APPENDIX_TITLE = 'Reproducibility'

export const textOf = (inline: Inline): string => (typeof inline === 'string' ? inline : inline.text)

/** A link that may be followed: nothing that runs as a script. */
export function safeHref(href: string | undefined): string | null {
  if (href === undefined || !URL.canParse(href)) return null
  const url = new URL(href)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null
}
