import { SinkError } from '../../errors.js'
import { pause } from '../../http/pause.js'
import { EXISTS, type JsonRecord, NOT_FOUND, textOf } from '../api/answers.js'
import type { Client } from '../api/client.js'
import type { MlflowSettings } from '../settings/settings.js'

/** The code where there is none to deliver to. */
export const NO_EXPERIMENT = 'MLFLOW_EXPERIMENT'

type Wanted = MlflowSettings['experiment']

/** The id of the experiment; one that is given by name is made where it is missing. Throws a SinkError. */
export async function experimentId(client: Client, wanted: Wanted, signal: AbortSignal): Promise<string> {
  const found = await lookUp(client, wanted, signal)
  if (found !== null) return activeId(found, wanted)
  if ('id' in wanted) {
    const fix = 'check MLFLOW_EXPERIMENT_ID, or give a name, which is made where it is missing'
    throw pause(NO_EXPERIMENT, `MLflow has no experiment with the id "${wanted.id}": ${fix}`)
  }
  try {
    return textOf((await client.post('experiments/create', { name: wanted.name }, signal)).experiment_id)
  } catch (error) {
    if (!(error instanceof SinkError) || error.action !== 'reject') throw error
    // Another run has made it meanwhile.
    const made = error.code === EXISTS ? await lookUp(client, wanted, signal) : null
    if (made !== null) return activeId(made, wanted)
    throw pause(
      NO_EXPERIMENT,
      `MLflow does not make the experiment ${shownName(wanted)}: give another name (${error.message})`,
    )
  }
}

function activeId(experiment: JsonRecord, wanted: Wanted): string {
  if (experiment.lifecycle_stage !== 'deleted') return textOf(experiment.experiment_id)
  const fix = 'restore it (`mlflow experiments restore`), or give another one (MLFLOW_EXPERIMENT_NAME)'
  throw pause(NO_EXPERIMENT, `the experiment ${shownName(wanted)} was deleted at MLflow: ${fix}`)
}

async function lookUp(client: Client, wanted: Wanted, signal: AbortSignal): Promise<JsonRecord | null> {
  try {
    const answer =
      'id' in wanted
        ? await client.get('experiments/get', { experiment_id: wanted.id }, signal)
        : await client.get('experiments/get-by-name', { experiment_name: wanted.name }, signal)
    return (answer.experiment ?? null) as JsonRecord | null
  } catch (error) {
    if (!(error instanceof SinkError)) throw error
    // An id that none can have is refused.
    if (error.code === NOT_FOUND || ('id' in wanted && error.action === 'reject')) return null
    throw error
  }
}

const shownName = (wanted: Wanted): string =>
  'id' in wanted ? `with the id "${wanted.id}"` : JSON.stringify(wanted.name)
