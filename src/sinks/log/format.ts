import { stripVTControlCharacters } from 'node:util'
import type { Alert, ConsoleOutput } from '../../record/updates.js'

const LABEL_WIDTH = 6
/** What pino puts into every line and is known of the run. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'v'])

/** `2026-11-21T14:30:05.123Z warn   loss is high {"loss":9.5}`. A line stays one line, without colours. */
export function logLine(time: number, label: string, text: string): string {
  const plain = stripVTControlCharacters(text)
    .replace(/[\r\n]+/g, ' ')
    .trimEnd()
  return `${timeText(time)} ${label.padEnd(LABEL_WIDTH)} ${plain}\n`
}

/** A line of the console; one of pino's with its message first. */
export function consoleText({ text, level }: ConsoleOutput['lines'][number]): string {
  return level === undefined || !text.startsWith('{') ? text : pinoText(text)
}

export const alertText = ({ title, text }: Alert): string =>
  `alert: ${title}${text === '' ? '' : `: ${text}`}`

function pinoText(json: string): string {
  let fields: unknown
  try {
    fields = JSON.parse(json)
  } catch {
    // A line that only looks like one of pino's is written as it is.
    return json
  }
  const { msg } = fields as { msg?: unknown }
  const rest = Object.entries(fields as object).filter(([name]) => !KNOWN_FIELDS.has(name))
  const parts = rest.length === 0 ? [] : [JSON.stringify(Object.fromEntries(rest))]
  return (msg === undefined ? parts : [String(msg), ...parts]).join(' ')
}

/** A time that no Date holds is written as its number. */
function timeText(time: number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString()
}
