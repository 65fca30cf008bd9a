import { createHash } from 'node:crypto'
import type { Client } from '../api/client.js'
import { createRun, runsWithTag } from './server-run.js'

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
  // Of any text something that needs no quotes in a filter.
  const value = createHash('sha256').update(group).digest('hex').slice(0, KEY_DIGITS)
  const tag = { key: GROUP_KEY, value }
  const [found] = await runsWithTag(client, experimentId, tag, signal)
  if (found !== undefined) return found.runId
  const tags = new Map([
    [GROUP_KEY, value],
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
