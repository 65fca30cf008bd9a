import { isDivisible } from '../../../http/pause.js'
import type { SinkContext } from '../../../sink.js'
import { Summary } from '../../run/summary.js'
import type { OnlineState } from '../state.js'
import type { FileStream } from './file-stream.js'
import type { StreamRequest } from './stream-request.js'

/** What sending needs at the moment: key and signal are others in the next slice. */
export interface Sending {
  readonly stream: FileStream
  readonly key: string
  readonly context: SinkContext
}

/** The whole summary, as W&B has it: the last one wins. */
export function summaryText({ summary, history, refusedLines }: OnlineState): string {
  const counts = { lateRows: history.lateRows, rejectedLines: refusedLines }
  return new Summary(summary, history.updates).text(counts)
}

/** Sends the summary beside what else there is to say. One that W&B refuses is told, and costs nothing else. */
export async function sendSummary(
  { stream, key, context }: Sending,
  state: OnlineState,
  request: StreamRequest = {},
): Promise<void> {
  try {
    await stream.send({ ...request, summary: summaryText(state) }, key, context.signal)
  } catch (error) {
    if (!isDivisible(error)) throw error
    context.warn('summary', `W&B has refused the run's summary: ${error.message}`)
    if (request.exitCode !== undefined) await stream.send(request, key, context.signal)
  }
}
