import { SinkError } from '../../errors.js'
import { pause } from '../../http/pause.js'
import { type JsonRecord, NOT_FOUND, textOf } from '../api/answers.js'
import type { Client } from '../api/client.js'

/** What a server has of a run. */
export interface ServerRun {
  readonly runId: string
  readonly experimentId: string
  readonly artifactUri: string
  readonly status: string
  readonly deleted: boolean
  readonly params: ReadonlyMap<string, string>
  readonly tags: ReadonlyMap<string, string>
  /** The newest step of the samples of the machine, or -1. */
  readonly systemStep: number
}

/** Throws a `pause` SinkError where there is none, or where it was deleted. */
export async function getRun(client: Client, runId: string, signal: AbortSignal): Promise<ServerRun> {
  let run: ServerRun
  try {
    run = serverRun((await client.get('runs/get', { run_id: runId }, signal)).run)
  } catch (error) {
    if (!(error instanceof SinkError) || error.code !== NOT_FOUND) throw error
    const fix = 'check MLFLOW_RUN_ID and MLFLOW_TRACKING_URI'
    throw pause('MLFLOW_NO_RUN', `MLflow has no run "${runId}": ${fix}`)
  }
  if (!run.deleted) return run
  const fix = 'restore it (`mlflow runs restore`), or give another one (MLFLOW_RUN_ID)'
  throw pause('MLFLOW_RUN_DELETED', `the run "${runId}" was deleted at MLflow: ${fix}`)
}

/** Runs of an experiment with a tag of this value, the oldest first. `view`: also those that were deleted. */
export async function runsWithTag(
  client: Client,
  experimentId: string,
  { key, value }: { readonly key: string; readonly value: string },
  signal: AbortSignal,
  view: 'ACTIVE_ONLY' | 'ALL' = 'ACTIVE_ONLY',
): Promise<ServerRun[]> {
  const body = {
    experiment_ids: [experimentId],
    filter: `tags.\`${key}\` = '${value}'`,
    order_by: ['attributes.start_time ASC', 'attributes.run_id ASC'],
    run_view_type: view,
    max_results: 100,
  }
  const { runs } = await client.post('runs/search', body, signal)
  return Array.isArray(runs) ? runs.map(serverRun) : []
}

export interface NewRun {
  readonly experimentId: string
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly startTime: number
  readonly tags: ReadonlyMap<string, string>
}

export async function createRun(
  client: Client,
  { experimentId, name, startTime, tags }: NewRun,
  signal: AbortSignal,
): Promise<ServerRun> {
  const body = {
    experiment_id: experimentId,
    run_name: name,
    start_time: Math.round(startTime),
    tags: Array.from(tags, ([key, value]) => ({ key, value })),
  }
  const run = serverRun((await client.post('runs/create', body, signal)).run)
  if (run.runId !== '') return run
  throw new SinkError('retry', 'BAD_ANSWER', 'the MLflow server did not say which run it has created')
}

function serverRun(given: unknown): ServerRun {
  const { info, data } = (given ?? {}) as { info?: JsonRecord; data?: JsonRecord }
  return {
    runId: textOf(info?.run_id ?? info?.run_uuid),
    experimentId: textOf(info?.experiment_id),
    artifactUri: textOf(info?.artifact_uri),
    status: textOf(info?.status),
    deleted: info?.lifecycle_stage === 'deleted',
    params: pairsOf(data?.params),
    tags: pairsOf(data?.tags),
    systemStep: Math.max(-1, ...systemSteps(data?.metrics)),
  }
}

const recordsOf = (given: unknown): JsonRecord[] => (Array.isArray(given) ? (given as JsonRecord[]) : [])

const pairsOf = (given: unknown): Map<string, string> =>
  new Map(recordsOf(given).map(({ key, value }) => [textOf(key), textOf(value)]))

const systemSteps = (given: unknown): number[] =>
  recordsOf(given)
    .filter(({ key }) => textOf(key).startsWith('system/'))
    .map(({ step }) => Number(step ?? 0))
