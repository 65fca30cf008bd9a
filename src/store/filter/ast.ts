/** What a filter expression says. `parseFilter()` makes it of text, `printFilter()` text of it. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly of: Filter }
  | {
      readonly kind: 'comparison'
      readonly path: Path
      readonly operator: Operator
      readonly value: Literal
    }

/** A field of a run, and what is within it: `['summary', 'val/loss', 'min']`. */
export type Path = readonly string[]

export const OPERATORS = ['=', '!=', '<', '<=', '>', '>=', '~'] as const
/** `~`: the regular expression is found in the text. */
export type Operator = (typeof OPERATORS)[number]

export type Literal = string | number | boolean | null

/** The expression cannot be understood. The message says where, and what to type instead. */
export class FilterError extends Error {
  readonly code = 'OFFSTEP_FILTER'
  readonly retryable = false
  /** Of the first character that is wrong, from 0. */
  readonly at: number

  constructor(problem: string, text: string, at: number) {
    // A character that moves the cursor would move the caret from its place.
    const line = text.replace(/\p{Cc}/gu, ' ')
    super(`${problem}\n  ${line}\n  ${' '.repeat(at)}^`)
    this.name = 'FilterError'
    this.at = at
  }
}
