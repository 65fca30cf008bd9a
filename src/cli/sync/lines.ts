import type { FoundRun } from '../../recovery/find-runs.js'
import type { RecoveryProgress } from '../../recovery/report.js'
import { countText, durationText, plural, printable } from '../../text/text.js'
import type { Colors, Output } from '../output.js'
import { truncate } from '../text.js'
import { isDone, type Outcome, sinksOf } from './outcome.js'
import type { ProgressView } from './progress.js'

const INTERVAL_MS = 10_000
/** Both ends of an id can be told apart from others at this width. */
const MIN_NAME = 24

/** For logs: a line when a run begins, one each ten seconds, one when it ends. */
export class Lines implements ProgressView {
  readonly #output: Output
  readonly #runs: number
  readonly #newest = new Map<string, RecoveryProgress>()
  #begun = 0
  #startedAt = 0
  #saidAt = 0
  #name = ''

  constructor(output: Output, runs: number) {
    this.#output = output
    this.#runs = runs
  }

  begin({ project, id }: FoundRun): void {
    this.#newest.clear()
    this.#startedAt = this.#saidAt = performance.now()
    this.#name = printable(`${project}/${id}`)
    const count = this.#runs > 1 ? ` (run ${++this.#begun} of ${this.#runs})` : ''
    this.say(`delivering ${this.#name}${count}`)
  }

  update(progress: RecoveryProgress): void {
    this.#newest.set(progress.sink, progress)
    const now = performance.now()
    if (now - this.#saidAt < INTERVAL_MS) return
    this.#saidAt = now
    const sinks = [...this.#newest.values()].map(progressText)
    this.say(`  after ${durationText(now - this.#startedAt)}: ${sinks.join(', ')}`)
  }

  end(outcome: Outcome): void {
    this.say(outcomeLine(outcome, performance.now() - this.#startedAt, this.#output.err))
  }

  say(text: string): void {
    this.#output.note(text)
  }

  stop(): void {}
}

function progressText({ sink, state, rows, totalRows, retryInMs, error }: RecoveryProgress): string {
  const count = `${printable(sink)} ${countText(rows)} of ${countText(totalRows)}`
  if (state === 'backing-off') {
    return `${count} (backing off, again in ${durationText(retryInMs)}: ${printable(error ?? '')})`
  }
  return state === 'failed' ? `${count} (left for later: ${printable(error ?? '')})` : count
}

/** What is said of a run when it is over, on one line of a terminal that is `columns` wide. */
export function outcomeLine(
  outcome: Outcome,
  elapsedMs: number,
  colors: Colors,
  columns = Number.POSITIVE_INFINITY,
): string {
  const { word, text } = describe(outcome, elapsedMs)
  const color = isDone(outcome) ? colors.green : colors.yellow
  const room = columns - word.length - text.length - 4
  const name = truncate(printable(`${outcome.project}/${outcome.id}`), Math.max(MIN_NAME, room), 'middle')
  return `${color(word)} ${name}: ${text}`
}

function describe(outcome: Outcome, elapsedMs: number): { word: string; text: string } {
  if (outcome.error !== null) return { word: 'left', text: printable(outcome.error.message) }
  const sinks = sinksOf(outcome)
  if (isDone(outcome)) {
    const rows = plural(outcome.report!.journaled, 'row')
    return { word: 'done', text: `${rows} in ${plural(sinks.length, 'sink')}, ${durationText(elapsedMs)}` }
  }
  const late = sinks.filter(({ pending, error }) => pending > 0 || error !== null)
  const what = late.map(({ name, pending }) => `${printable(name)} lacks ${plural(pending, 'row')}`)
  const text = what.join(', ') || 'its sinks are not closed yet'
  return { word: outcome.interrupted ? 'stopped' : 'pending', text }
}
