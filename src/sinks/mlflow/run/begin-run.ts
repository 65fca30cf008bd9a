import { isDeepStrictEqual } from 'node:util'
import { SinkError } from '../../errors.js'
import { isDivisible, pause } from '../../http/pause.js'
import type { SinkContext } from '../../sink.js'
import type { Client } from '../api/client.js'
import type { MlflowSettings } from '../settings/settings.js'
import { type Begun, writeBegun } from './begun.js'
import type { RunDescription } from './description.js'
import { experimentId, NO_EXPERIMENT } from './experiment.js'
import { groupRun, PARENT_TAG } from './parent-run.js'
import { createRun, getRun, runsWithTag, type ServerRun } from './server-run.js'

const KEY_TAG = 'offstep.key'

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
  const { context, begun, trackingUri } = beginning
  const run = await (begun.runId === undefined ? ownRun(beginning) : givenRun(beginning, begun.runId))
  if (begun.trackingUri !== trackingUri) {
    const systemStep = begun.systemStep ?? run.systemStep + 1
    writeBegun(context.runDir, { ...begun, trackingUri, systemStep })
  }
  return run
}

/** As with an experiment: see ownExperiment(). */
async function givenRun({ client, settings, context }: Beginning, runId: string): Promise<ServerRun> {
  try {
    return await getRun(client, runId, context.signal)
  } catch (error) {
    const other = settings.runId
    if (!(error instanceof SinkError) || error.action !== 'pause' || other === undefined || other === runId)
      throw error
    return getRun(client, other, context.signal)
  }
}

/** Where the answer to its creation was lost, it is found by its key. */
async function ownRun(beginning: Beginning): Promise<ServerRun> {
  const { client, settings, context, begun, description } = beginning
  const { signal, runName, startTime } = context
  const experiment = await ownExperiment(beginning)
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

/**
 * That which the run has begun with. Where there is none, what is given now: whoever has mended a wrong variable must not
 * be held to it.
 */
async function ownExperiment({ client, settings, context, begun }: Beginning): Promise<string> {
  const { signal } = context
  try {
    return await experimentId(client, begun.experiment, signal)
  } catch (error) {
    const { experiment, experimentGiven } = settings
    if (!(error instanceof SinkError) || error.code !== NO_EXPERIMENT || !experimentGiven) throw error
    if (isDeepStrictEqual(experiment, begun.experiment)) throw error
    return experimentId(client, experiment, signal)
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
