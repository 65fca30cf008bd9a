import { plural, printable } from '../../text/text.js'
import type { VerifyReport } from '../../verify/report.js'

/** What it comes to and what to do next, in a sentence or two. `name`: the run as it was given. */
export function advice(report: VerifyReport, name: string, repaired: boolean): string {
  const run = quoted(name)
  if (report.run.result !== 'ok') {
    const left = plural(report.journal.records, 'record')
    return `Damaged: without run.json no command finds the run. Restore it from a copy; the journal still holds ${left}.`
  }
  const sentences = [...lossOf(report), ...damageOf(report, run, repaired), ...pendingOf(report, run)]
  if (sentences.length > 0) return sentences.join(' ')
  if (report.run.state === 'live')
    return 'Sound so far. Its sinks can be checked when nobody writes or delivers it.'
  return report.journal.result === 'ok'
    ? `Sound: ${plural(report.journal.records, 'record')}, and nothing is pending.`
    : 'Damaged: the journal has bytes that cannot be read, which cost no record. Nothing can or must be repaired.'
}

function lossOf({ lost, journal, sinks }: VerifyReport): string[] {
  if (lost === 0 && journal.undefinedNames === 0) return []
  const what = [
    ...(lost > 0 ? [plural(lost, 'record')] : []),
    ...(journal.undefinedNames > 0 ? [plural(journal.undefinedNames, 'metric name')] : []),
  ]
  // Sums cannot give a record back.
  const holders = sinks
    .filter(({ onlyHere, sink }) => onlyHere > 0 && sink !== 'summary')
    .map(({ sink }) => printable(sink))
  const where =
    holders.length === 0
      ? 'no checked sink holds them'
      : `look for them in ${holders.join(', ')}, and keep a copy`
  return [`The journal has lost ${what.join(' and ')} for good: ${where}.`]
}

function damageOf({ repairable, sinks, media }: VerifyReport, run: string, repaired: boolean): string[] {
  const bad = sinks
    .filter(({ result }) => result === 'damaged' || result === 'missing')
    .map(({ sink }) => sink)
  const others = bad.filter((sink) => !repairable.includes(sink)).map(printable)
  const sentences: string[] = []
  if (repairable.length > 0) {
    const names = repairable.map(printable).join(', ')
    sentences.push(
      repaired
        ? `Still damaged: ${names}. Mend what is said above, then: offstep verify ${run} --repair`
        : `Damaged: ${names}. Next: offstep verify ${run} --repair`,
    )
  }
  if (others.length > 0) sentences.push(`Cannot be repaired from here: ${others.join(', ')}.`)
  if (media !== null && media.result !== 'ok') {
    sentences.push(
      'Media files are in the run directory only: bring those that are missing or damaged back from a copy.',
    )
  }
  return sentences
}

function pendingOf({ run: { state }, sinks, repairable }: VerifyReport, run: string): string[] {
  if (repairable.length > 0 || state === 'live') return []
  const pending = sinks.filter(({ result }) => result === 'pending').map(({ sink }) => printable(sink))
  if (state === 'unrecovered') return [`Its process is gone. Next: offstep sync ${run}`]
  return pending.length === 0 ? [] : [`Not complete: ${pending.join(', ')}. Next: offstep sync ${run}`]
}

/** A name that a shell takes as one word. */
function quoted(name: string): string {
  return /^[\w./:@%+=,-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`
}
