import type { RunOutcome } from '../../sink.js'
import type { Client } from '../api/client.js'

/** A process that died says nothing more: it was killed, as far as MLflow has a word for it. */
const STATUSES = {
  running: 'RUNNING',
  completed: 'FINISHED',
  failed: 'FAILED',
  killed: 'KILLED',
  crashed: 'KILLED',
} as const

export async function tellEnd(
  client: Client,
  runId: string,
  { status, endTime }: RunOutcome,
  signal: AbortSignal,
): Promise<void> {
  const body = { run_id: runId, status: STATUSES[status], end_time: Math.round(endTime) }
  await client.post('runs/update', body, signal)
}

/** A run that was ended at the server goes on. */
export async function tellRunning(client: Client, runId: string, signal: AbortSignal): Promise<void> {
  await client.post('runs/update', { run_id: runId, status: STATUSES.running }, signal)
}
