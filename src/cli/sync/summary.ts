import path from 'node:path'
import { countText, plural, printable } from '../../text/text.js'
import type { Colors, Output } from '../output.js'
import { type Row, renderTable } from '../table.js'
import { widthOf, wrap } from '../text.js'
import { isDone, type Outcome, type SinkOutcome, sinksOf } from './outcome.js'

const COUNTS = [
  { title: 'delivered', align: 'right' },
  { title: 'dead-lettered', align: 'right' },
  { title: 'pending', align: 'right' },
] as const
const WIDE = [{ title: 'run' }, { title: 'sink' }, ...COUNTS, { title: 'why', minWidth: 24 }]
const NARROW = [{ title: 'sink' }, ...COUNTS]

/** The table of what each sink has now, and what to do next. `total`: runs, with those that were not begun. */
export function printSummary(outcomes: readonly Outcome[], total: number, output: Output): void {
  if (outcomes.length > 0) output.print(`\n${tableOf(outcomes, output)}\n`)
  for (const line of deadLetterLines(outcomes)) output.print(line)
  for (const line of addressLines(outcomes)) output.print(line)
  output.print(wrap(nextStep(outcomes, total), output.columns).join('\n'))
}

function tableOf(outcomes: readonly Outcome[], output: Output): string {
  const rows = outcomes.flatMap((outcome) => wideRows(outcome, output))
  const table = renderTable(WIDE, rows, output)
  const width = Math.max(...table.split('\n').map(widthOf))
  if (width <= output.columns) return table
  return outcomes.map((outcome) => narrowTable(outcome, output)).join('\n')
}

function wideRows(outcome: Outcome, { out }: Output): Row[] {
  const { id, error } = outcome
  const name = printable(id)
  if (error !== null) return [[name, '', '', '', '', { text: printable(error.message), color: out.yellow }]]
  return sinksOf(outcome).map((sink, i) => [
    i === 0 ? name : '',
    ...countsOf(sink, out),
    { text: why(sink, outcome.interrupted), color: sink.error === null ? out.dim : out.yellow },
  ])
}

/** For a screen that the table does not fit: the run above, and each reason below its sink. */
function narrowTable(outcome: Outcome, output: Output): string {
  const { out, columns } = output
  const name = wrap(printable(outcome.id), columns).map(out.bold)
  const reason = (text: string) => wrap(text, columns - 4).map((line) => `    ${out.yellow(line)}`)
  if (outcome.error !== null) return [...name, ...reason(printable(outcome.error.message))].join('\n')
  const sinks = sinksOf(outcome)
  const rows = sinks.map((sink) => countsOf(sink, out))
  const [head, ...lines] = renderTable(NARROW, rows, output).split('\n')
  const below = (sink: SinkOutcome) => {
    const text = why(sink, outcome.interrupted)
    return text === '' ? [] : reason(text)
  }
  return [...name, `  ${head}`, ...lines.flatMap((line, i) => [`  ${line}`, ...below(sinks[i]!)])].join('\n')
}

function countsOf(sink: SinkOutcome, out: Colors): Row {
  const count = (rows: number) => (rows === 0 ? '0' : { text: countText(rows), color: out.yellow })
  return [printable(sink.name), countText(sink.delivered), count(sink.deadLettered), count(sink.pending)]
}

function why({ error, pending, notApplicable }: SinkOutcome, interrupted: boolean): string {
  if (error !== null) return `${printable(error.message)} (${error.code})`
  if (pending > 0) return interrupted ? 'stopped' : ''
  return notApplicable > 0 ? `${plural(notApplicable, 'row')} not applicable` : ''
}

function deadLetterLines(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap((outcome) =>
    sinksOf(outcome)
      .filter(({ deadLettered }) => deadLettered > 0)
      .map(({ name, deadLettered, deadLetterFile }) => {
        const head = `${plural(deadLettered, 'row')} of ${printable(outcome.id)} will never be in ${printable(name)}`
        return deadLetterFile === null
          ? `${head}: damaged blocks of the journal held them`
          : `${head}: the reasons are in ${relative(deadLetterFile)}`
      }),
  )
}

/** On a line of its own, however long it is, so that a terminal makes a link of it. */
function addressLines(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ id, report }) => {
    const url = report?.url ?? null
    return url === null ? [] : [`View ${printable(id)} at ${printable(url)}`]
  })
}

/** The last line: whether all is well, and else what to do. */
export function nextStep(outcomes: readonly Outcome[], total: number): string {
  const left = outcomes.filter((outcome) => !isDone(outcome))
  const missing = left.length + total - outcomes.length
  if (missing === 0) return `All is delivered: ${plural(total, 'run')}.`
  const count = total === 1 ? 'the run' : `${countText(missing)} of ${plural(total, 'run')}`
  if (outcomes.length < total || left.some(({ interrupted }) => interrupted)) {
    return `Stopped, with ${count} left: offstep sync goes on where this stopped.`
  }
  const errors = left.flatMap((outcome) => sinksOf(outcome).flatMap(({ error }) => error ?? []))
  if (errors.length === 0 && left.every(({ error }) => error?.code === 'OFFSTEP_RUN_ALIVE')) {
    return `Another process delivers ${count}: nothing is to be done here.`
  }
  const mend = errors.some(({ action }) => action === 'pause' || action === 'reject')
  return mend
    ? `Still pending in ${count}: mend what the table names, then run offstep sync again; it goes on from there.`
    : `Still pending in ${count}: run offstep sync again later, or leave offstep sync --watch running.`
}

function relative(file: string): string {
  const short = path.relative(process.cwd(), file)
  return short.startsWith('..') ? file : short
}
