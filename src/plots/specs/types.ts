import type { TopLevelSpec } from 'vega-lite'

/** One of the layers that are drawn over each other in a chart. */
export type Layer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number]

/** What the layers of a chart share. */
export type Encoding = NonNullable<Extract<TopLevelSpec, { layer: unknown }>['encoding']>

/** What is said above a chart. */
export interface Titles {
  readonly title: string
  /** Lines; each says one thing. */
  readonly subtitle: readonly string[]
}
