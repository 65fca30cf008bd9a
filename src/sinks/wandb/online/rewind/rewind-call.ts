/** The call by which W&B's own client rewinds a run (`resume_from`); the query is that of wandb 0.30.0, word for word. */
import { SinkError } from '../../../errors.js'
import { isDivisible } from '../../../http/pause.js'
import { isRefusal } from '../http/answers.js'
import type { KnownRun } from '../run/bucket.js'
import type { GraphQl } from '../run/graphql.js'

const REWIND_RUN =
  'mutation RewindRun ($runName: String!, $entity: String, $project: String, $metricName: String!, $metricValue: Float!) { rewindRun(input: {runName:$runName,entityName:$entity,projectName:$project,metricName:$metricName,metricValue:$metricValue}) { rewoundRun { id name displayName description config sweepName project { id name entity { id name } } historyLineCount } } }'

/** What a server answers that does not have the call, or not for this account. */
const NOT_THERE: ReadonlySet<string> = new Set(['HTTP_403', 'HTTP_404', 'HTTP_405', 'HTTP_410', 'HTTP_501'])

/**
 * Takes the run's history back to the line with this `_step`, the last one that stays; events and console begin anew. The
 * number of lines that stay. The run must have ended. Throws a SinkError: see `refusesRewind()`.
 */
export async function rewindRun(
  graphql: GraphQl,
  { runId, entity, project }: KnownRun,
  step: number,
  key: string,
  signal: AbortSignal,
): Promise<number> {
  const variables = { runName: runId, entity, project, metricName: '_step', metricValue: step }
  const data = await graphql.call('RewindRun', REWIND_RUN, variables, key, signal)
  const run = data?.rewindRun?.rewoundRun
  if (!run) throw new SinkError('reject', 'WANDB_REFUSED', 'W&B has not found the run to rewind')
  const lines: unknown = run.historyLineCount
  if (Number.isSafeInteger(lines) && (lines as number) >= 0) return lines as number
  throw new SinkError('retry', 'BAD_ANSWER', 'the W&B server did not say how many lines the rewound run has')
}

/** True where W&B does not rewind, and will not where it is asked again. */
export function refusesRewind(error: unknown): error is SinkError {
  if (!(error instanceof SinkError)) return false
  const { code } = error
  return isDivisible(error) || isRefusal(error) || NOT_THERE.has(code)
}

/** True where W&B still waits for the run to end: its own words (wandb issue 10438). */
export const isNotEnded = (error: unknown): error is SinkError =>
  error instanceof SinkError && /terminal state/i.test(error.message)
