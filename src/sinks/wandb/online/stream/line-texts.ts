import type { ConsoleOutput, SystemSample } from '../../../../record/updates.js'
import { numberText, objectText } from '../../extended-json.js'
import type { HistoryLine } from '../../history/history-line.js'
import type { Line } from './line-sender.js'

/** `startTime`: of the run, in milliseconds since the epoch. */
export const historyLine = (line: HistoryLine, startTime: number): Line => ({
  file: 'history',
  json: JSON.stringify(line.text(startTime)),
  rows: line.rows,
  history: line,
})

/** A sample of what the machine does: the names are W&B's, behind `system.`. `time`: milliseconds since the epoch. */
export function eventLine({ values }: SystemSample, time: number, startTime: number, row: number): Line {
  const samples = Object.entries(values).map(
    ([name, value]) => [`system.${name}`, numberText(value)] as const,
  )
  const text = objectText([
    ['_wandb', 'true'],
    ['_timestamp', numberText(time / 1000)],
    ['_runtime', numberText((time - startTime) / 1000)],
    ...samples,
  ])
  return { file: 'events', json: JSON.stringify(text), rows: [row] }
}

/** Lines of output.log: the time, without its zone, which is UTC, and the text. */
export function consoleLines({ stream, lines }: ConsoleOutput, row: number): Line[] {
  const mark = stream === 'stderr' ? 'ERROR ' : ''
  return lines.map(({ time, text }) => ({
    file: 'console',
    json: JSON.stringify(`${mark}${microseconds(time)} ${text}`),
    rows: [row],
  }))
}

/** `2026-11-20T15:36:57.874077`, of milliseconds since the epoch. */
function microseconds(time: number): string {
  const whole = Math.floor(time)
  const rest = Math.floor((time - whole) * 1000)
  return `${new Date(whole).toISOString().slice(0, -1)}${`${rest}`.padStart(3, '0')}`
}
