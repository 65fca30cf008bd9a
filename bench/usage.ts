/** The command line asks for what there is not; the message says what. */
export class UsageError extends Error {
  readonly code = 'OFFSTEP_BENCH_USAGE'
  readonly retryable = false
  override readonly name = 'UsageError'
}
