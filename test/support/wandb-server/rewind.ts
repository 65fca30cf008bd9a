import type { Answer, GraphqlContext, Variables } from './graphql.js'
import { bucketOf, data, failure } from './graphql.js'

/** What a server says that does not rewind: one without the call, one that has not enabled it for this account. */
export const REWIND_REFUSALS = {
  'does not have the call': {
    status: 400,
    body: { errors: [{ message: 'Cannot query field "rewindRun" on type "Mutation".' }] },
  },
  'has not enabled it': {
    status: 200,
    body: { data: { rewindRun: null }, errors: [{ message: 'rewind is not enabled for this entity' }] },
  },
  'forbids it': { status: 403, body: { errors: [{ message: 'permission denied' }], data: null } },
} as const satisfies Readonly<Record<string, Answer>>

/**
 * As W&B's documentation has it: history up to the step stays, events and console are reset, what was there is kept
 * aside. Only of a run that has ended (wandb issue 10438).
 */
export function rewindRun(variables: Variables, { backend }: GraphqlContext): Answer {
  if (backend.rewindRefusal !== null) return backend.rewindRefusal
  const { runName, entity, project, metricName, metricValue } = variables
  if (metricName !== '_step' || typeof metricValue !== 'number') return failure(400, 'rewind needs a _step')
  const run = backend.find(entity, project, runName)
  if (run === undefined) return data({ rewindRun: null })
  if (!run.complete) return failure(400, 'cannot rewind a run that is not in a terminal state')
  run.rewind(metricValue)
  return data({ rewindRun: { rewoundRun: bucketOf(run) } })
}
