import type { SinkContext } from '../../sink.js'
import { noHistory } from '../history.js'
import type { RunDescription } from '../run-description.js'
import type { WandbSettings } from '../settings.js'
import { pause } from './answers.js'
import { type Baseline, newRun, readBaseline, resumed, writeBaseline } from './baseline.js'
import type { GraphQl, KnownRun } from './graphql.js'
import type { OnlineState } from './state.js'

export interface Beginning {
  readonly graphql: GraphQl
  readonly settings: WandbSettings
  readonly context: SinkContext
  readonly description: RunDescription
  readonly key: string
}

/** Creates the run at the server, or finds the one to resume; the state before its first row. */
export async function beginRun(beginning: Beginning): Promise<OnlineState> {
  const { graphql, settings, context, description, key } = beginning
  const { runId, entity, project } = settings
  const baseline = await baselineOf(beginning)
  const place = { runId, entity, project, storageId: baseline.storageId }
  const run = await graphql.upsertBucket(place, description, key, context.signal)
  return firstState(run, baseline, context.startTime)
}

async function baselineOf({ graphql, settings, context, key }: Beginning): Promise<Baseline> {
  const { runId, entity, project, resume, runIdGiven } = settings
  // offstep's own ids are nobody else's.
  if (!runIdGiven) return newRun(runId)
  const fixed = readBaseline(context.runDir, runId)
  if (fixed !== null) return fixed
  const place = { runId, entity, project, storageId: undefined }
  const status = await graphql.resumeStatus(place, key, context.signal)
  if (status === null && resume === 'must') {
    throw pause('WANDB_NO_RUN', `W&B has no run "${runId}" in "${project}" to resume: check WANDB_RUN_ID`)
  }
  if (status !== null && (resume === undefined || resume === 'never')) {
    const fix = 'give another id, or resume: "allow" (WANDB_RESUME)'
    throw pause('WANDB_RUN_EXISTS', `W&B has a run "${runId}" in "${project}" already: ${fix}`)
  }
  const baseline = status === null ? newRun(runId) : resumed(runId, status)
  writeBaseline(context.runDir, baseline)
  return baseline
}

function firstState(run: KnownRun, baseline: Baseline, startTime: number): OnlineState {
  return {
    run,
    startTime: startTime - baseline.runtime * 1000,
    offset: baseline.offset,
    history: noHistory(baseline.lastStep),
    summary: baseline.summary,
    refusedLines: 0,
    refusedInRow: 0,
  }
}
