import cliProgress, { type MultiBar, type SingleBar } from 'cli-progress'
import type { FoundRun } from '../../recovery/find-runs.js'
import type { RecoveryProgress } from '../../recovery/report.js'
import { printable } from '../../text/text.js'
import type { Output } from '../output.js'
import { truncate } from '../text.js'
import { outcomeLine } from './lines.js'
import type { Outcome } from './outcome.js'
import type { ProgressView } from './progress.js'
import { Rate } from './rate.js'
import { nameWidthOf, sinkLine } from './sink-line.js'

interface SinkBar {
  readonly bar: SingleBar
  readonly rate: Rate
  progress: RecoveryProgress
  /** When the last report came, by the monotonic clock. */
  at: number
}

const REDRAWS_PER_SECOND = 10

/** A heading for the run, and a bar for each of its sinks; when a run is done, one line of it stays. */
export class Bars implements ProgressView {
  readonly #output: Output
  readonly #runs: number
  readonly #sinks = new Map<string, SinkBar>()
  #multi: MultiBar | null = null
  #begun = 0
  #startedAt = 0

  constructor(output: Output, runs: number) {
    this.#output = output
    this.#runs = runs
  }

  begin(run: FoundRun): void {
    this.#begun++
    this.#startedAt = performance.now()
    this.#sinks.clear()
    this.#multi = new cliProgress.MultiBar({
      clearOnComplete: true,
      hideCursor: true,
      fps: REDRAWS_PER_SECOND,
      stream: process.stderr,
    })
    this.#multi.create(1, 0, {}, { format: () => this.#heading(run) } as never)
  }

  update(progress: RecoveryProgress): void {
    const now = performance.now()
    const known = this.#sinks.get(progress.sink)
    if (known === undefined) this.#add(progress, now)
    else Object.assign(known, { progress, at: now })
    this.#sinks.get(progress.sink)!.rate.add(progress.rows, now)
  }

  end(outcome: Outcome): void {
    this.#clear()
    this.say(outcomeLine(outcome, performance.now() - this.#startedAt, this.#output.err, this.#columns))
  }

  say(text: string): void {
    if (this.#multi === null) process.stderr.write(`${text}\n`)
    else this.#multi.log(`${text}\n`)
  }

  stop(): void {
    this.#clear()
  }

  #clear(): void {
    this.#multi?.stop()
    this.#multi = null
  }

  #add(progress: RecoveryProgress, at: number): void {
    const sink: Partial<SinkBar> = { rate: new Rate(), progress, at }
    this.#sinks.set(progress.sink, sink as SinkBar)
    const format = () => this.#sinkLine(sink as SinkBar)
    Object.assign(sink, { bar: this.#multi?.create(1, 0, {}, { format } as never) })
  }

  #heading({ project, id }: FoundRun): string {
    const count = this.#runs > 1 ? ` (run ${this.#begun} of ${this.#runs})` : ''
    const name = truncate(printable(`${project}/${id}`), this.#columns - count.length - 1, 'middle')
    return `${this.#output.err.bold(name)}${this.#output.err.dim(count)}`
  }

  #sinkLine({ progress, rate, at }: SinkBar): string {
    const now = performance.now()
    return sinkLine(
      {
        progress,
        rowsPerSecond: rate.perSecond(now),
        nameWidth: nameWidthOf([...this.#sinks.keys()]),
        columns: this.#columns,
        retryInMs: Math.max(0, progress.retryInMs - (now - at)),
      },
      this.#output.err,
    )
  }

  /** Asked each time: a window may be made narrower meanwhile. */
  get #columns(): number {
    return process.stderr.columns || 80
  }
}
