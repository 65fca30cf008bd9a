import { type SystemGroup, systemGroups } from '../../plots/data/system-lines.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import type { SummaryMetric } from '../../store/runs/types.js'
import { pickMetrics } from '../metric-names.js'
import { type SinkProgress, sinksOf } from '../show/sinks.js'
import { RateMeter, type Rates } from './rates.js'
import type { SparkPoint } from './sparkline.js'
import { SystemTail } from './system-tail.js'

export interface WatchedMetric {
  readonly name: string
  readonly metric: SummaryMetric
}

/** A run at one moment. */
export interface Snapshot {
  readonly run: StoredRun
  readonly now: number
  readonly rows: number
  /** The highest step; null where there are no rows. */
  readonly step: number | null
  /** Of the newest row of a metric, in milliseconds since the epoch. */
  readonly lastTime: number | null
  readonly rates: Rates | null
  readonly metrics: readonly WatchedMetric[]
  readonly sinks: readonly SinkProgress[]
  readonly system: readonly SystemGroup[]
  /** Of one metric, at most about so many. */
  points(name: string, count: number): SparkPoint[]
}

/** Looks at a run again and again: what it has read before is not read again. `close()` it. Blocks for file calls. */
export class Watcher {
  readonly #run: StoredRun
  readonly #names: readonly string[] | undefined
  readonly #meter = new RateMeter()
  readonly #system: SystemTail

  /** `metrics`: only these; `*` stands for anything. */
  constructor(run: StoredRun, metrics?: readonly string[]) {
    this.#run = run
    this.#names = metrics
    this.#system = new SystemTail(run.dir)
  }

  /** Throws RunFileError where the run cannot be read any more, and a CliError where it has no such metric. */
  look(now = Date.now()): Snapshot {
    const run = this.#run
    run.refresh()
    const { rows, steps, metrics } = run.summary({ current: true })
    // A metric that is asked for may come later.
    const names = rows === 0 ? [] : pickMetrics(Object.keys(metrics), this.#names)
    const step = steps?.max ?? null
    const look = { time: now, rows, steps: steps === null ? 0 : steps.max - steps.first }
    return {
      run,
      now,
      rows,
      step,
      lastTime: newestOf(Object.values(metrics)),
      rates: this.#meter.add(look, run.durationSeconds),
      metrics: names.map((name) => ({ name, metric: metrics[name]! })),
      sinks: sinksOf(run),
      system: systemGroups(this.#system.read(), (time) => time),
      points: (name, points) =>
        run.series(name, { points })?.points.map(({ step, value }) => ({ x: step, value })) ?? [],
    }
  }

  close(): void {
    this.#system.close()
    this.#run.close()
  }
}

/** No spread: there may be 100,000 metrics. */
const newestOf = (metrics: readonly SummaryMetric[]): number | null =>
  metrics.reduce<number | null>((newest, { last }) => Math.max(newest ?? last.time, last.time), null)
