/** What a guard does about a value that is NaN or infinite; it counts it in any case. */
export type GuardAction =
  /** One warning per name, on stderr, for the first eight names. */
  | 'warn'
  /** As `warn`, and a text record `alerts/<name>` in the run, so that the run itself tells of it. */
  | 'alert'
  /** As `warn`, and `guard.stopped` becomes true: a loop looks at it, `trackerCallback()` ends `model.fit()`. */
  | 'stop'
  /** Only the counts. */
  | 'count'

/** Something that is not finite. */
export interface GuardEvent {
  readonly name: string
  readonly step: number
  readonly nan: number
  readonly infinite: number
  /** True for the first one of this name. */
  readonly first: boolean
}

export interface GuardOptions {
  /** Default `warn`. */
  readonly action?: GuardAction
  /** Called for every event, beside the action. What it throws is counted, and warned of once. */
  readonly onEvent?: (event: GuardEvent) => void
  /** Names that are looked at; default all. */
  readonly only?: (name: string) => boolean
  /** `stop` stops after so many bad steps in a row; default 1. */
  readonly patience?: number
}

/** Of one metric, or one watched tensor. */
export interface GuardCounts {
  /** Values looked at. */
  readonly checked: number
  readonly nan: number
  readonly infinite: number
  /** Null while all were finite. */
  readonly firstBadStep: number | null
  readonly lastBadStep: number | null
}

/** How many values of a tensor are NaN or infinite, as it was counted on the device. */
export interface BadValues {
  readonly nan: number
  readonly infinite: number
}
