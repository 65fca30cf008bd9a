import type { Variable } from '@tensorflow/tfjs-core'
import type { Run } from '../../src/index.js'

/** First, last and extreme values of one metric, in constant memory. */
export interface Series {
  first: number
  last: number
  min: number
  minStep: number
  max: number
  maxStep: number
}

/** Logs to the tracker, measures what that costs the training thread, and keeps what the summary shows. */
export class Metrics {
  readonly series = new Map<string, Series>()
  /** How long each log call took. */
  readonly logMicroseconds: number[] = []
  readonly #run: Run
  #totalLogMicroseconds = 0

  constructor(run: Run) {
    this.#run = run
  }

  log(metrics: Record<string, number>, step: number): void {
    const start = performance.now()
    this.#run.log(metrics, step)
    const microseconds = (performance.now() - start) * 1000
    this.logMicroseconds.push(microseconds)
    this.#totalLogMicroseconds += microseconds
    for (const [name, value] of Object.entries(metrics)) this.#keep(name, value, step)
  }

  /** How the weights are distributed; they are read back, and counted, off the step. */
  logWeights(variables: readonly Variable[], step: number): void {
    for (const variable of variables) this.#run.histogram(variable.name, variable, step)
  }

  /** What the model writes by now. */
  logSample(text: string, step: number): void {
    this.#run.text('sample', `> ${text.replaceAll('\n', '\n> ')}`, step)
  }

  get totalLogMicroseconds(): number {
    return this.#totalLogMicroseconds
  }

  #keep(name: string, value: number, step: number): void {
    const series = this.series.get(name)
    if (series === undefined) {
      this.series.set(name, {
        first: value,
        last: value,
        min: value,
        minStep: step,
        max: value,
        maxStep: step,
      })
      return
    }
    series.last = value
    if (value < series.min) Object.assign(series, { min: value, minStep: step })
    if (value > series.max) Object.assign(series, { max: value, maxStep: step })
  }
}
