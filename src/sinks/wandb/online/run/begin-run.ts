import { pause } from '../../../http/pause.js'
import type { SinkContext } from '../../../sink.js'
import type { WandbSettings } from '../../settings/settings.js'
import { type Baseline, newRun, readBaseline, resumed, writeBaseline } from './baseline.js'
import { resumeStatus } from './bucket.js'
import { waitForEarlierRuns } from './earlier-runs.js'
import type { GraphQl } from './graphql.js'
import { ownRun } from './own-run.js'

export interface Beginning {
  readonly graphql: GraphQl
  readonly settings: WandbSettings
  readonly context: SinkContext
  readonly key: string
}

/** Where the run's lines begin: what was fixed, else what the server says of a run with this id. */
export async function findBaseline(beginning: Beginning): Promise<Baseline> {
  const { graphql, settings, context, key } = beginning
  const { runId, entity, project, resume, runIdGiven } = settings
  if (!runIdGiven) return ownRun(beginning)
  const fixed = readBaseline(context.runDir, runId)
  if (fixed !== null) return fixed
  const mayResume = resume !== undefined && resume !== 'never'
  if (mayResume) waitForEarlierRuns(context.runDir, settings)
  const place = { runId, entity, project, storageId: undefined }
  const status = await resumeStatus(graphql, place, key, context.signal)
  if (status === null && resume === 'must') {
    const fix = 'check WANDB_RUN_ID, or give resume: "allow" (WANDB_RESUME)'
    throw pause('WANDB_NO_RUN', `W&B has no run "${runId}" in "${project}" to resume: ${fix}`)
  }
  if (status !== null && !mayResume) {
    const fix = 'give another id, or resume: "allow" (WANDB_RESUME)'
    throw pause('WANDB_RUN_EXISTS', `W&B has a run "${runId}" in "${project}" already: ${fix}`)
  }
  const baseline = status === null ? newRun(runId) : resumed(runId, status)
  writeBaseline(context.runDir, baseline)
  return baseline
}
