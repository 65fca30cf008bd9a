import { bytesText } from '../../text/bytes.js'
import { countText, plural, printable } from '../../text/text.js'
import type {
  CheckResult,
  Difference,
  FileCheck,
  JournalCheck,
  MediaCheck,
  RunCheck,
  SinkCheck,
  VerifyReport,
} from '../../verify/report.js'
import type { Colors, Output } from '../output.js'
import { truncate, wrap } from '../text.js'

const MARK_WIDTH = 'unchecked'.length
/** A journal may be damaged in thousands of places: people need to see what kind, and how much in all. */
const MAX_DETAILS = 8
/** Narrower, text is left to the terminal. */
const MIN_TEXT = 30
const STATES = {
  live: 'it is being written or delivered',
  silent: 'its owner elsewhere has given no sign for some time',
  unrecovered: 'its process is gone, and it was not completed',
  ended: null,
  unknown: null,
}

/** The report for people: a line for each check, and below it what is wrong. */
export function reportLines({ dir, run, journal, sinks, media }: VerifyReport, output: Output): string[] {
  const colors = output.out
  const names = [
    'run.json',
    'journal',
    ...(media === null ? [] : ['media']),
    ...sinks.map(({ sink }) => sink),
  ]
  const width = Math.max(...names.map((name) => printable(name).length))
  const indent = MARK_WIDTH + width + 4
  const wrapped = (text: string): string[] => wrap(text, Math.max(MIN_TEXT, output.columns - indent))
  const line = (
    result: CheckResult,
    name: string,
    text: string,
    details: readonly string[] = [],
  ): string[] => {
    const [head = '', ...rest] = [
      ...wrapped(text),
      ...limited(details).flatMap((detail) => wrapped(detail).map((part) => colors.dim(part))),
    ]
    const first = `${mark(result, colors)}  ${printable(name).padEnd(width)}  ${head}`
    return [first, ...rest.map((part) => ' '.repeat(indent) + part)]
  }
  return [
    colors.bold(printable(run.id === null ? dir : `${run.project}/${run.id}`)),
    ...line(run.result, 'run.json', runText(run)),
    ...line(journal.result, 'journal', journalText(journal), journalDetails(journal)),
    ...(media === null ? [] : line(media.result, 'media', mediaText(media), mediaDetails(media))),
    ...sinks.flatMap((sink) => line(sink.result, sink.sink, sinkText(sink), sinkDetails(sink))),
  ]
}

function mark(result: CheckResult, colors: Colors): string {
  const text = result.padEnd(MARK_WIDTH)
  if (result === 'ok') return colors.green(text)
  return result === 'pending' || result === 'unchecked' ? colors.yellow(text) : colors.red(text)
}

function limited(details: readonly string[]): readonly string[] {
  if (details.length <= MAX_DETAILS) return details
  return [
    ...details.slice(0, MAX_DETAILS),
    `and ${countText(details.length - MAX_DETAILS)} more (--json has all)`,
  ]
}

function runText({ result, problem, status, state, owner }: RunCheck): string {
  if (result !== 'ok') return printable(problem ?? 'it cannot be read')
  const word = state === 'unrecovered' ? 'crashed' : status
  const parts = [word, STATES[state], owner === null ? null : `in use by ${owner}`]
  return printable(parts.filter((part) => part !== null).join('; '))
}

function journalText(journal: JournalCheck): string {
  const { segments, bytes, records, producers, missing, missingAtEnd, undefinedNames } = journal
  if (segments.length === 0) return missingAtEnd > 0 ? 'it is gone' : 'no records yet'
  const lost = missing + missingAtEnd
  const parts = [
    lost === 0 ? plural(records, 'record') : `${plural(records, 'record')} left, ${countText(lost)} lost`,
    ...(producers.length > 1 ? [plural(producers.length, 'producer')] : []),
    plural(segments.length, 'segment'),
    bytesText(bytes),
  ]
  if (undefinedNames > 0) parts.push(`${plural(undefinedNames, 'metric name')} lost`)
  return parts.join(', ')
}

function journalDetails({ damage, producers, missingAtEnd, tornTailBytes }: JournalCheck): string[] {
  const details = damage.map(({ segment, offset, bytes, kind }) => {
    return `segment ${segment}, byte ${countText(offset)}: ${plural(bytes, 'byte')} cannot be read (${kind})`
  })
  for (const { producer, name, missing, repeated, dropped } of producers) {
    const who = `producer ${producer}${name === null ? '' : ` (${printable(name)})`}`
    for (const { from, to } of missing) {
      const which =
        from === to ? `record ${countText(from)} is` : `records ${countText(from)} to ${countText(to)} are`
      details.push(`${who}: ${which} missing`)
    }
    if (repeated > 0)
      details.push(`${who}: ${plural(repeated, 'record')} twice, after a failed fsync (harmless)`)
    for (const [cause, count] of Object.entries(dropped)) {
      details.push(`${who}: ${plural(count, 'record')} dropped before the journal (${printable(cause)})`)
    }
  }
  if (missingAtEnd > 0) {
    details.push(`${plural(missingAtEnd, 'record')} at the end: run.json or a cursor has counted them`)
  }
  if (tornTailBytes > 0) {
    const harmless = missingAtEnd === 0 ? ' (harmless)' : ''
    details.push(`${plural(tornTailBytes, 'byte')} of an unfinished record at the end${harmless}`)
  }
  return details
}

function mediaText({ records, files, bytes, missing, damaged }: MediaCheck): string {
  const wrong = [
    ...(missing.length > 0 ? [`${plural(missing.length, 'file')} missing`] : []),
    ...(damaged.length > 0 ? [`${plural(damaged.length, 'file')} damaged`] : []),
  ]
  return wrong.length > 0
    ? `${wrong.join(', ')} of ${countText(files)}`
    : `${plural(records, 'record')}, ${plural(files, 'file')}, ${bytesText(bytes)}`
}

const mediaDetails = ({ missing, damaged }: MediaCheck): string[] => [
  ...missing.map((file) => `${printable(file)} is gone`),
  ...damaged.map((file) => `${printable(file)} is not what was written`),
]

function sinkText({ result, problem, cursor, files, pending, onlyHere }: SinkCheck): string {
  if (result === 'pending') {
    if (problem !== null) return printable(problem)
    return `${plural(pending, 'record')} not delivered yet, ${countText(cursor.records)} sound`
  }
  const wrong = files.flatMap(costs)
  if (wrong.length > 0) return wrong.join('; ')
  if (result !== 'ok') return printable(problem ?? '')
  const parts = [plural(cursor.delivered, 'record')]
  // What the journal had lost before it could be delivered is counted with the dead letters.
  const undelivered = Math.min(cursor.deadLettered, cursor.lostBehind)
  const deadLettered = cursor.deadLettered - undelivered
  if (undelivered > 0) parts.push(`${countText(undelivered)} lost with the journal`)
  if (deadLettered > 0) parts.push(`${countText(deadLettered)} dead-lettered`)
  if (cursor.notApplicable > 0) parts.push(`${countText(cursor.notApplicable)} not applicable`)
  if (onlyHere > 0) parts.push(`${countText(onlyHere)} that the journal has lost`)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  parts.push(files.length > 0 ? bytesText(bytes) : 'no files to compare')
  return parts.join(', ')
}

/** What is wrong in a file, counted. */
function costs({ file, unit, differing, missing, extra }: FileCheck): string[] {
  const noun = unit === 'row' ? 'record' : unit
  const parts = [
    ...(differing > 0 ? [`${plural(differing, noun)} damaged`] : []),
    ...(missing > 0 ? [`${plural(missing, noun)} missing`] : []),
    ...(extra > 0 ? [`${plural(extra, noun)} too many`] : []),
  ]
  return parts.length === 0 ? [] : [`${printable(file)}: ${parts.join(', ')}`]
}

function sinkDetails({ result, problem, files, cursor, pending }: SinkCheck): string[] {
  if (result === 'ok' || result === 'unchecked' || result === 'pending') return []
  const details = files.some((file) => costs(file).length > 0) && problem !== null ? [printable(problem)] : []
  for (const { first } of files) if (first !== null) details.push(differenceText(first))
  if (cursor.result !== 'ok') details.push(`${plural(pending, 'record')} would be delivered again`)
  return details
}

function differenceText(difference: Difference): string {
  const { what, file, number, producer, sequence, field, expected, found } = difference
  const unit = file.startsWith('tensorboard') ? 'event' : 'line'
  const where = `first: ${printable(file)}${file === 'summary.json' ? '' : `, ${unit} ${countText(number)}`}`
  const text = (value: string | null): string => truncate(printable(value ?? 'nothing'), 60)
  const named = field === null ? where : `${where}, ${printable(field)}`
  if (what === 'missing' && sequence !== null) {
    return `${where}: record ${countText(sequence)} of producer ${producer} is missing`
  }
  if (what === 'missing') return `${named}: lacks ${text(expected)}`
  if (what === 'extra') return `${named}: ${text(found)} does not belong there`
  return `${named}: ${text(found)} in place of ${text(expected)}`
}
