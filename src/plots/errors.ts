/** A plot cannot be made. The message says which, and why. */
export class PlotError extends Error {
  readonly code = 'OFFSTEP_PLOT'
  readonly retryable = false

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'PlotError'
  }
}
