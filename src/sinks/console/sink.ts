/**
 * Progress on the terminal: a line now and then, with the newest value of each metric.
 *
 *     [baseline] step   1,200  0:01:23  train/loss 1.234  train/learning_rate 3.00e-4
 *
 * A line is due when `everySteps` steps and `everySeconds` seconds have both passed since the last one, by the
 * clock of the rows. The first row is printed at once, and the last one when the run ends. Nothing that goes
 * wrong here is an error: what cannot be printed is not.
 * State: the rows last seen and last printed, and the newest values.
 */
import type { RecordBatch } from '../../record/batch.js'
import { parseOptions } from '../file/parse-options.js'
import type { RunOutcome, Sink, SinkContext, SinkState, WriteResult } from '../sink.js'
import { LineFormatter } from './line.js'
import { NewestValues } from './newest.js'
import { type ConsoleOptions, consoleOptions } from './options.js'
import { print } from './print.js'

interface Moment {
  readonly step: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

export function createSink(): Sink {
  return new ConsoleSink()
}

class ConsoleSink implements Sink {
  #context: SinkContext | undefined
  #options!: ConsoleOptions
  #newest!: NewestValues
  #lines!: LineFormatter
  #last: Moment | null = null
  #printed: Moment | null = null
  /** False when the run is over, or nobody reads any more. */
  #printing = false

  async open(context: SinkContext, state: SinkState | null): Promise<void> {
    this.#options = parseOptions('console', consoleOptions, context.options)
    this.#context = context
    this.#printing = context.live
    this.#lines = new LineFormatter(context.runName)
    this.#last = (state?.last ?? null) as Moment | null
    this.#printed = (state?.printed ?? null) as Moment | null
    const names = (state?.names ?? []) as string[]
    const values = ((state?.values ?? []) as string[]).map(Number)
    this.#newest = new NewestValues(this.#options.maxMetrics, names, values, (state?.hidden ?? 0) as number)
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    let last = batch.count - 1
    while (batch.media.has(last)) last--
    for (let row = 0; row <= last; row++) {
      if (batch.media.has(row)) continue
      this.#newest.add(batch, row)
      const step = batch.steps[row]!
      const time = batch.times[row]!
      if (this.#due(step, time)) this.#print({ step, time })
      else if (row === last) this.#last = { step, time }
    }
    const { names, values, hidden } = this.#newest
    return {
      state: {
        last: this.#last,
        printed: this.#printed,
        names: [...names],
        values: values.map(String),
        hidden,
      },
      notApplicable: batch.media.size,
    }
  }

  async close(outcome: RunOutcome): Promise<void> {
    const finished = outcome.status !== 'running'
    if (this.#context !== undefined && finished && this.#last !== null) this.#print(this.#last)
    this.#context = undefined
  }

  /** Distances, not differences: steps may start again and clocks go back. */
  #due(step: number, time: number): boolean {
    if (this.#printed === null) return true
    return (
      Math.abs(step - this.#printed.step) >= this.#options.everySteps &&
      Math.abs(time - this.#printed.time) >= this.#options.everySeconds * 1000
    )
  }

  #print(moment: Moment): void {
    this.#printed = moment
    this.#last = null
    if (!this.#printing) return
    const line = this.#lines.line(moment.step, moment.time - this.#context!.startTime, this.#newest)
    this.#printing = print(this.#options.stream === 'stdout' ? 1 : 2, line)
  }
}
