import { isDivisible } from '../../../http/pause.js'
import { closeHistory } from '../../history/history.js'
import type { HistoryLine } from '../../history/history-line.js'
import { Summary } from '../../run/summary.js'
import type { OnlineState } from '../state.js'
import type { LineSender } from '../stream/line-sender.js'
import { historyLine } from '../stream/line-texts.js'
import { keepRefused } from '../stream/refused-lines.js'
import { type Sending, sendSummary, summaryText } from '../stream/send-summary.js'

export interface Ending extends Sending {
  readonly sender: LineSender
  /** Stays as it is: a run that goes on lays its lines over what is sent here. */
  readonly state: OnlineState
  readonly exitCode: number
}

/** The state with the lines that are still held: what the config and the summary say of the whole run. */
export function endedState(state: OnlineState): OnlineState {
  const { lines, state: history } = closeHistory(state.history)
  return withLines({ ...state, history }, lines)
}

/** Sends the lines that are held, the summary, and that the run has ended; in one request, where nothing is wrong. */
export async function endRun(ending: Ending): Promise<void> {
  const { stream, key, context, state, exitCode } = ending
  const closed = closeHistory(state.history)
  const last: OnlineState = { ...state, history: closed.state }
  const content = closed.lines.map((line) => historyLine(line, state.startTime).json)
  const lines = content.length === 0 ? {} : { history: { offset: state.offsets.history, content } }
  const summary = summaryText(withLines(last, closed.lines))
  try {
    await stream.send({ lines, summary, exitCode }, key, context.signal)
  } catch (error) {
    if (!isDivisible(error)) throw error
    await endInParts(ending, last, closed.lines)
  }
}

/** A line or the summary was refused. */
async function endInParts(ending: Ending, last: OnlineState, lines: readonly HistoryLine[]): Promise<void> {
  const { sender, key, context, state, exitCode } = ending
  const texts = lines.map((line) => historyLine(line, state.startTime))
  const sent = await sender.send(texts, [], state, key, context.signal)
  keepRefused(sent.refused, context)
  const refused = new Set(sent.refused.map(({ line }) => line.history))
  const kept = lines.filter((line) => !refused.has(line))
  const refusedLines = state.refusedLines + refused.size
  await sendSummary(ending, { ...withLines(last, kept), refusedLines }, { exitCode })
}

function withLines(state: OnlineState, lines: readonly HistoryLine[]): OnlineState {
  const summary = new Summary(state.summary, state.history.updates)
  for (const line of lines) summary.add(line, state.startTime)
  return { ...state, summary: summary.state() }
}
