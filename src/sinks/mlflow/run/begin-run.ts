import { SinkError } from '../../errors.js'
import { isDivisible, pause } from '../../http/pause.js'
import type { SinkContext } from '../../sink.js'
import type { Client } from '../api/client.js'
import type { MlflowSettings } from '../settings/settings.js'
import { type Begun, writeBegun } from './begun.js'
import type { RunDescription } from './description.js'
import { experimentId } from './experiment.js'
import { groupRun } from './parent-run.js'
import { createRun, getRun, runsWithTag, type ServerRun } from './server-run.js'

const KEY_TAG = 'offstep.key'
const PARENT_TAG = 'mlflow.parentRunId'

export interface Beginning {
  readonly client: Client
  readonly settings: MlflowSettings
  readonly context: SinkContext
  readonly begun: Begun
  readonly description: RunDescription
  readonly trackingUri: string
}

/** The run at the server: the one that is to be gone on with, the one that was made before, or a new one. */
export async function findRun(beginning: Beginning): Promise<ServerRun> {
  const { client, context, begun, trackingUri } = beginning
  const run = await (begun.runId === undefined
    ? ownRun(beginning)
    : getRun(client, begun.runId, context.signal))
  if (begun.trackingUri !== trackingUri) {
    const systemStep = begun.systemStep ?? run.systemStep + 1
    writeBegun(context.runDir, { ...begun, trackingUri, systemStep })
  }
  return run
}

/** Where the answer to its creation was lost, it is found by its key. */
async function ownRun(beginning: Beginning): Promise<ServerRun> {
  const { client, settings, context, begun, description } = beginning
  const { signal, runName, startTime } = context
  const experiment = await experimentId(client, begun.experiment, signal)
  const tag = { key: KEY_TAG, value: begun.key }
  const [found] = await runsWithTag(client, experiment, tag, signal)
  if (found !== undefined) return getRun(client, found.runId, signal)
  const parent = await parentOf(beginning, experiment)
  const tags = new Map([
    [KEY_TAG, begun.key],
    ...(parent === undefined ? [] : [[PARENT_TAG, parent] as const]),
  ])
  const name = description.tags.get('mlflow.runName') ?? settings.name ?? runName
  try {
    return await createRun(client, { experimentId: experiment, name, startTime, tags }, signal)
  } catch (error) {
    if (!isDivisible(error)) throw error
    throw pause('MLFLOW_REFUSED', `MLflow has refused the run itself: check its name (${error.message})`)
  }
}

async function parentOf(
  { client, settings, context, description }: Beginning,
  experiment: string,
): Promise<string | undefined> {
  const { signal } = context
  if (settings.parentRun === undefined) {
    if (description.group === null) return undefined
    return groupRun(client, experiment, description.group, signal)
  }
  try {
    return (await getRun(client, settings.parentRun, signal)).runId
  } catch (error) {
    if (!(error instanceof SinkError) || error.action !== 'pause') throw error
    throw pause('MLFLOW_PARENT_RUN', `the option parentRun names no run: ${error.message}`)
  }
}
