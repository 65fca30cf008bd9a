import { join } from 'node:path'
import { JournalReader } from '../../journal/reader.js'
import { mediaValue } from '../../media/value.js'
import type { RecordBatch } from '../../record/batch.js'
import type { HistogramValue, MediaRecord } from '../../record/media.js'
import type { SeriesPoint } from '../../store/series/pyramid.js'

/** Values of one metric that are not finite: how many, and the first ones. */
export interface NonFinite {
  readonly count: number
  readonly points: readonly SeriesPoint[]
}

export interface HistogramPoint {
  readonly step: number
  readonly value: HistogramValue
}

export interface SystemPoint {
  readonly time: number
  readonly values: { readonly [name: string]: number }
}

/** What a journal holds beside the points of its metrics. */
export interface JournalEvents {
  /** By producer, by the metric's name. */
  readonly nonFinite: ReadonlyMap<string, NonFinite>
  readonly histograms: ReadonlyMap<string, readonly HistogramPoint[]>
  readonly system: readonly SystemPoint[]
  /** Records whose file is gone, or damaged. */
  readonly unreadable: number
}

/** Of one metric; more cannot be told apart in a chart. */
const MAX_NON_FINITE = 200
/** Of one histogram: twice the columns of its chart. */
const MAX_HISTOGRAMS = 128
/** Of a run with more histograms than fit on a page. */
const MAX_HISTOGRAM_NAMES = 64
const MAX_SYSTEM = 2000

export const eventKey = (producer: number, name: string): string => `${producer} ${name}`

/** Reads the journal once, from its beginning. Blocks: 1 s for some million points. */
export function readEvents(runDir: string): JournalEvents {
  const collector = new Collector(runDir)
  const reader = new JournalReader(join(runDir, 'journal'))
  try {
    for (let batch = reader.read(); batch !== null; batch = reader.read()) collector.add(batch)
  } finally {
    reader.close()
  }
  return collector
}

class Collector implements JournalEvents {
  readonly nonFinite = new Map<string, { count: number; readonly points: SeriesPoint[] }>()
  unreadable = 0
  readonly histograms = new Map<string, HistogramPoint[]>()
  #system: Thinned<SystemPoint> = new Thinned(MAX_SYSTEM)
  readonly #thinned = new Map<string, Thinned<HistogramPoint>>()
  readonly #runDir: string

  constructor(runDir: string) {
    this.#runDir = runDir
  }

  get system(): readonly SystemPoint[] {
    return this.#system.kept
  }

  add(batch: RecordBatch): void {
    for (const [row, record] of batch.media) this.#addRecord(record, batch.steps[row]!, batch.times[row]!)
    const { offsets, values, count } = batch
    for (let slot = offsets[0]!, row = 0; slot < offsets[count]!; slot++) {
      if (Number.isFinite(values[slot])) continue
      while (offsets[row + 1]! <= slot) row++
      this.#addNonFinite(batch, row, slot)
    }
  }

  #addNonFinite({ producers, names, keys, steps, times, values }: RecordBatch, row: number, slot: number) {
    const key = eventKey(producers[row]!, names[keys[slot]!]!)
    const found = this.nonFinite.get(key) ?? { count: 0, points: [] }
    this.nonFinite.set(key, found)
    found.count++
    if (found.points.length < MAX_NON_FINITE)
      found.points.push({ step: steps[row]!, time: times[row]!, value: values[slot]! })
  }

  #addRecord(record: MediaRecord, step: number, time: number): void {
    if (record.kind === 'system') {
      this.#read(() => this.#system.add(() => ({ time, values: mediaValue(this.#runDir, record).values })))
    } else if (record.kind === 'histogram') {
      let thinned = this.#thinned.get(record.name)
      if (thinned === undefined) {
        if (this.#thinned.size === MAX_HISTOGRAM_NAMES) return
        thinned = new Thinned(MAX_HISTOGRAMS)
        this.#thinned.set(record.name, thinned)
        this.histograms.set(record.name, thinned.kept)
      }
      const into = thinned
      this.#read(() => into.add(() => ({ step, value: mediaValue(this.#runDir, record) })))
    }
  }

  /** A record that cannot be read costs itself. */
  #read(add: () => void): void {
    try {
      add()
    } catch {
      // Its file is gone or is not JSON; `offstep verify` says which.
      this.unreadable++
    }
  }
}

/** At most so many of a sequence of unknown length, evenly spread: each one, then every 2nd, 4th, 8th. */
class Thinned<Item> {
  readonly kept: Item[] = []
  readonly #limit: number
  #every = 1
  #seen = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(make: () => Item): void {
    if (this.#seen++ % this.#every !== 0) return
    if (this.kept.length === this.#limit) {
      this.kept.splice(0, this.kept.length, ...this.kept.filter((_, index) => index % 2 === 0))
      this.#every *= 2
      if ((this.#seen - 1) % this.#every !== 0) return
    }
    this.kept.push(make())
  }
}
