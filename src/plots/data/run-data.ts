import type { RunStatus } from '../../sinks/sink.js'
import { type RunFile, readRunFile } from '../../store/run-file.js'
import { readLock } from '../../store/run-lock.js'
import type { Pyramid, SeriesPoint } from '../../store/series/pyramid.js'
import { readSeries } from '../../store/series/read-series.js'
import { SeriesIndex } from '../../store/series/series-index.js'
import type { MetricKey } from '../../store/series/series-table.js'
import { eventKey, type JournalEvents, type NonFinite, readEvents } from './journal-events.js'

/** Points of a line across a chart of full width. */
export const CHART_POINTS = 1000

const NONE: NonFinite = { count: 0, points: [] }
const NO_EVENTS: JournalEvents = { nonFinite: new Map(), histograms: new Map(), system: [], unreadable: 0 }

/** A metric of a run, for a chart. */
export interface PlotSeries {
  /** With the thread that logged it, where several logged one of this name. */
  readonly name: string
  /** At most about as many as were asked for, in the order in which they were logged, every dip and spike in it. */
  readonly points: readonly SeriesPoint[]
}

/** What plots need of one run. Blocks: not for the training thread. `close()` it. */
export class RunData {
  readonly dir: string
  readonly file: RunFile
  readonly #index: SeriesIndex
  readonly #keys = new Map<string, MetricKey>()
  #events: JournalEvents | null = null

  /** Throws RunFileError where there is no run. */
  constructor(dir: string) {
    this.dir = dir
    this.file = readRunFile(dir)
    this.#index = new SeriesIndex(dir)
    this.#index.update()
    const producers = new Map(this.file.producers.map(({ id, name }) => [id, name]))
    const twice = namesOfSeveral(this.#index.metrics)
    for (const key of this.#index.metrics) {
      const thread = producers.get(key.producer) ?? `thread ${key.producer}`
      this.#keys.set(twice.has(key.name) ? `${key.name} (${thread})` : key.name, key)
    }
  }

  /** Of the metrics, in the order in which they were first logged. */
  get names(): readonly string[] {
    return [...this.#keys.keys()]
  }

  /** As run.json has it; `crashed` too where its process died and nobody has written that yet. */
  get status(): RunStatus {
    const { status } = this.file
    return status === 'running' && readLock(this.dir).state === 'free' ? 'crashed' : status
  }

  /** Milliseconds since the epoch. */
  get startTime(): number {
    return Date.parse(this.file.startTime)
  }

  series(name: string, points = CHART_POINTS): PlotSeries | null {
    const key = this.#keys.get(name)
    const found = key === undefined ? null : readSeries(this.dir, this.#index, key, { points })
    return found === null ? null : { name, points: found.points }
  }

  /** Values of a metric that are not finite; a chart has a mark for each. */
  nonFinite(name: string): NonFinite {
    const key = this.#keys.get(name)
    const pyramid = key === undefined ? null : this.#index.pyramid(key.producer, key.name)
    if (key === undefined || pyramid === null) return NONE
    if (pyramid.nonFinite === 0) return NONE
    // The index keeps a NaN only where an entry has nothing else: the journal is read.
    if (pyramid.span > 1) {
      return this.events.nonFinite.get(eventKey(key.producer, key.name)) ?? NONE
    }
    const points = readSeries(this.dir, this.#index, key)!.points.filter(
      ({ value }) => !Number.isFinite(value),
    )
    return { count: points.length, points }
  }

  /** How many points a metric has. */
  count(name: string): number {
    return this.#pyramid(name)?.count ?? 0
  }

  /** When the last point of a metric was logged, in milliseconds since the epoch; NaN where it has none. */
  lastTime(name: string): number {
    const pyramid = this.#pyramid(name)
    return [...(pyramid?.pointsOf(pyramid.entries - 1) ?? [])].at(-1)?.time ?? Number.NaN
  }

  /** Values that are not finite, histograms and system samples: read from the whole journal, once. */
  get events(): JournalEvents {
    this.#events ??= this.#hasEvents() ? readEvents(this.dir) : NO_EVENTS
    return this.#events
  }

  #hasEvents(): boolean {
    if (this.#index.has('system') || this.#index.has('histogram')) return true
    return [...this.#keys.keys()].some((name) => this.#pyramid(name)!.nonFinite > 0)
  }

  #pyramid(name: string): Pyramid | null {
    const key = this.#keys.get(name)
    return key === undefined ? null : this.#index.pyramid(key.producer, key.name)
  }

  close(): void {
    this.#index.close()
  }
}

function namesOfSeveral(metrics: readonly MetricKey[]): ReadonlySet<string> {
  const seen = new Set<string>()
  return new Set(metrics.filter(({ name }) => seen.size === seen.add(name).size).map(({ name }) => name))
}
