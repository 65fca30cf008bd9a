import type { Route } from './routes.js'

/** One request, as it was met. */
export interface LoggedRequest {
  readonly index: number
  /** See Operation. */
  readonly operation: string
  readonly run: string | undefined
  /** Milliseconds of `performance.now()`. */
  readonly at: number
  readonly bytes: number
  readonly userAgent: string | undefined
  /** Variables of a GraphQL request. */
  readonly variables: Readonly<Record<string, unknown>> | undefined
  /** Per file of a file_stream request: offset and count of its lines. */
  readonly files: Readonly<Record<string, readonly [offset: number, lines: number]>> | undefined
  /** Name of the file that is PUT. */
  readonly file: string | undefined
  /** Names in `uploaded` of a file_stream request. */
  readonly uploaded: readonly string[] | undefined
  /** The status that was answered; null while there is none, and where the connection was cut first. */
  status: number | null
}

/** The most requests that lie within any `windowMs`. */
export function peakRate(requests: readonly LoggedRequest[], windowMs = 1000): number {
  let peak = 0
  let from = 0
  for (const [index, { at }] of requests.entries()) {
    while (at - requests[from]!.at >= windowMs) from++
    peak = Math.max(peak, index - from + 1)
  }
  return peak
}

export function logEntry(
  index: number,
  { operation, runId, graphql, stream, file }: Route,
  bytes: number,
  userAgent: string | undefined,
): LoggedRequest {
  const files = Object.entries(stream?.files ?? {}).map(
    ([name, { offset, content }]) => [name, [offset, content.length]] as const,
  )
  return {
    index,
    operation,
    run: runId,
    at: performance.now(),
    bytes,
    userAgent,
    variables: graphql?.variables,
    files: stream === undefined ? undefined : Object.fromEntries(files),
    file,
    uploaded: stream?.uploaded,
    status: null,
  }
}
