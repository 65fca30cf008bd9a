import type { RecordBatch } from '../../../record/batch.js'
import { isDivisible } from '../../http/pause.js'
import type { RejectedRow, SinkContext } from '../../sink.js'
import { type AlertState, isDue, sendAlert, withAlert } from './alerts.js'
import type { Connection } from './connection.js'
import type { OtherWork } from './other-rows.js'
import type { OnlineState } from './state.js'

export interface CallsMade {
  readonly alerts: AlertState
  readonly rejected: readonly RejectedRow[]
  /** Alerts that were left out, since one of the same title went out shortly before. */
  readonly leftOut: number
}

export interface Calling {
  readonly connection: Connection
  readonly state: OnlineState
  readonly context: SinkContext
  readonly key: string
}

/** Sends the alerts and the artifacts of a batch: each once, however often the batch comes within this session. */
export async function makeCalls(
  { alerts, artifacts }: OtherWork,
  batch: RecordBatch,
  { connection, state, context, key }: Calling,
): Promise<CallsMade> {
  const { run } = state
  const rejected: RejectedRow[] = []
  /** False where W&B refuses it for good. */
  const once = async (row: number, call: () => Promise<void>): Promise<boolean> => {
    const id = `${batch.producers[row]}:${batch.sequences[row]}`
    if (connection.done.has(id)) return true
    try {
      await call()
      connection.done.add(id)
      return true
    } catch (error) {
      if (!isDivisible(error) && !connection.keepsRefusing(id, error)) throw error
      rejected.push({ row, cause: error.code, reason: error.message })
      return false
    }
  }
  let sent = state.alerts
  let leftOut = 0
  for (const { row, alert, time } of alerts) {
    if (!isDue(sent, alert, time)) leftOut++
    else if (await once(row, () => sendAlert(connection.graphql, run, alert, key, context.signal))) {
      sent = withAlert(sent, alert, time)
    }
  }
  for (const { row, record, step } of artifacts) {
    const origin = { runId: context.runId, startTime: context.startTime, sequence: batch.sequences[row]! }
    const artifact = { record, origin, step }
    await once(row, () => connection.artifacts.send(artifact, context.signal))
  }
  return { alerts: sent, rejected, leftOut }
}
