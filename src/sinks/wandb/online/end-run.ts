import { lastLine } from '../history.js'
import type { HistoryLine } from '../history-line.js'
import { Summary } from '../summary.js'
import { isDivisible } from './answers.js'
import type { LineSender } from './line-sender.js'
import { keepRefused } from './refused-lines.js'
import { type Sending, sendSummary, summaryText } from './send-summary.js'
import type { OnlineState } from './state.js'

export interface Ending extends Sending {
  readonly sender: LineSender
  /** Stays as it is: a run that goes on lays its lines over what is sent here. */
  readonly state: OnlineState
  readonly exitCode: number
}

/** Sends the newest line, the summary, and that the run has ended; in one request, where nothing is wrong with it. */
export async function endRun(ending: Ending): Promise<void> {
  const { stream, key, context, state, exitCode } = ending
  const line = lastLine(state.history)
  const summary = summaryText(withLine(state, line))
  const history = line === null ? {} : { history: { offset: state.offset, content: [jsonOf(line, state)] } }
  try {
    await stream.send({ ...history, summary, exitCode }, key, context.signal)
  } catch (error) {
    if (!isDivisible(error)) throw error
    await endInParts(ending, line)
  }
}

/** The line or the summary was refused. */
async function endInParts(ending: Ending, line: HistoryLine | null): Promise<void> {
  const { sender, key, context, state, exitCode } = ending
  const sent = await sender.send(line === null ? [] : [line], state, key, context.signal)
  keepRefused(sent.refused, state.startTime, context)
  const ended = withLine(state, sent.refused.length === 0 ? line : null)
  const refusedLines = state.refusedLines + sent.refused.length
  await sendSummary(ending, { ...ended, refusedLines }, { exitCode })
}

function withLine(state: OnlineState, line: HistoryLine | null): OnlineState {
  if (line === null) return state
  const summary = new Summary(state.summary)
  summary.add(line, state.startTime)
  return { ...state, summary: summary.state() }
}

const jsonOf = (line: HistoryLine, { startTime }: OnlineState): string => JSON.stringify(line.text(startTime))
