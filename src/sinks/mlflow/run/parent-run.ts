import { createHash } from 'node:crypto'
import { SinkError } from '../../errors.js'
import { RUN_DELETED } from '../api/answers.js'
import type { Client } from '../api/client.js'
import { createRun, runsWithTag } from './server-run.js'

/** MLflow's. */
export const PARENT_TAG = 'mlflow.parentRunId'
const GROUP_KEY = 'offstep.group_key'
const KEY_DIGITS = 32

/**
 * The run that stands for a group, under which MLflow shows the group's runs: the oldest with the group's tag; one is
 * made where there is none. Where two are made at almost the same time, the older one counts, and the other is deleted.
 */
export async function groupRun(
  client: Client,
  experimentId: string,
  group: string,
  signal: AbortSignal,
): Promise<string> {
  const tag = tagOf(group)
  const [found] = await runsWithTag(client, experimentId, tag, signal)
  if (found !== undefined) return found.runId
  const tags = new Map([
    [tag.key, tag.value],
    ['offstep.group', group],
  ])
  const startTime = Date.now()
  const made = await createRun(client, { experimentId, name: group, startTime, tags }, signal)
  const end = { run_id: made.runId, status: 'FINISHED', end_time: startTime }
  await client.post('runs/update', end, signal)
  const [oldest = made] = await runsWithTag(client, experimentId, tag, signal)
  if (oldest.runId !== made.runId) await client.post('runs/delete', { run_id: made.runId }, signal)
  return oldest.runId
}

/**
 * Where a run of a group belongs when it ends: two that began at almost the same moment, on clocks that differ, may each
 * have taken a run of their own for the oldest. Null: `parent` is right, or none of ours. The wrong one is deleted.
 */
export async function rightGroupRun(
  client: Client,
  experimentId: string,
  { group, parent }: { readonly group: string; readonly parent: string },
  signal: AbortSignal,
): Promise<string | null> {
  const runs = await runsWithTag(client, experimentId, tagOf(group), signal, 'ALL')
  const oldest = runs.find(({ deleted }) => !deleted)
  const wrong = runs.find(({ runId }) => runId === parent)
  if (oldest === undefined || wrong === undefined || wrong === oldest) return null
  if (!wrong.deleted) await deleteRun(client, parent, signal)
  return oldest.runId
}

async function deleteRun(client: Client, runId: string, signal: AbortSignal): Promise<void> {
  try {
    await client.post('runs/delete', { run_id: runId }, signal)
  } catch (error) {
    // Another run of the group was faster.
    if (!(error instanceof SinkError) || error.code !== RUN_DELETED) throw error
  }
}

/** Of any text something that needs no quotes in a filter. */
const tagOf = (group: string) => ({
  key: GROUP_KEY,
  value: createHash('sha256').update(group).digest('hex').slice(0, KEY_DIGITS),
})
