/** An artifact that cannot be read or taken out. The message says what to do. */
export class ArtifactError extends Error {
  readonly code = 'OFFSTEP_ARTIFACT'
  readonly retryable = false

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ArtifactError'
  }
}
