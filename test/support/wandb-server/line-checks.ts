import { parseLine } from './extended-json.js'

export const HISTORY = 'wandb-history.jsonl'
export const EVENTS = 'wandb-events.jsonl'
export const SUMMARY = 'wandb-summary.json'
export const CONSOLE = 'output.log'

type Lines = readonly (string | undefined)[]

/** What is wrong with a line of a file, before it is laid at its number; undefined where nothing is. */
export function wrongWith(name: string, lines: Lines, offset: number, line: string): string | undefined {
  if (name === HISTORY) return wrongStep(lines, offset, line)
  if (name === EVENTS) return wrongEvent(offset, line)
  if (name === CONSOLE) return wrongConsole(offset, line)
  return undefined
}

function wrongStep(lines: Lines, offset: number, line: string): string | undefined {
  const step = stepOf(line)
  if (step === undefined) return `${HISTORY}: line ${offset} has no integer _step: ${line}`
  const last = offset > 0 ? stepOf(lines[offset - 1] ?? '{}') : undefined
  if (last === undefined || step > last) return undefined
  return `${HISTORY}: line ${offset} has _step ${step} after ${last}`
}

function wrongEvent(offset: number, line: string): string | undefined {
  const { _timestamp, _runtime, _wandb } = parseLine(line)
  if (typeof _timestamp === 'number' && typeof _runtime === 'number' && _wandb === true) return undefined
  return `${EVENTS}: line ${offset} lacks _wandb, _timestamp or _runtime: ${line}`
}

function wrongConsole(offset: number, line: string): string | undefined {
  if (/^(ERROR )?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} /.test(line)) return undefined
  return `${CONSOLE}: line ${offset} does not begin with a time: ${line}`
}

/** `_step` of a history line. Lines without objects in them are not parsed: there are many. */
export function stepOf(line: string): number | undefined {
  const flat = line.indexOf('{', 1) < 0
  const step = flat ? Number(/[{,]"_step":(-?\d+)[,}]/.exec(line)?.[1]) : parseLine(line)._step
  return Number.isSafeInteger(step) ? (step as number) : undefined
}
