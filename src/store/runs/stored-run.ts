import type { StoredArtifact } from '../../artifact/read.js'
import type { Checkpoints } from '../../checkpoint/read/checkpoints.js'
import type { MediaKind } from '../../record/media.js'
import type { RunStatus } from '../../sinks/sink.js'
import type { GitInfo, JsonObject } from '../run-context.js'
import { type RunFile, type RunResume, readRunFile } from '../run-file.js'
import type { Series, SeriesRange } from '../series/read-series.js'
import type { SeriesIndex } from '../series/series-index.js'
import { goalsOf } from './goals.js'
import type { MediaQuery } from './read-rows.js'
import { type RunState, stateOf } from './status.js'
import { readSummaryFile } from './summary-file.js'
import type { MetricRow, ProducerMetrics, RunSummary, StoredMedia } from './types.js'
import {
  artifactReading,
  checkpointReading,
  journalSummary,
  rowReading,
  seriesIndexing,
  seriesReading,
} from './when-asked.js'

export interface SeriesQuery extends SeriesRange {
  /** Default: the first that has the metric. */
  readonly producer?: number
}

/**
 * A run that is read from its directory, whether it has ended or not. What it says is of the moment at which it was
 * opened, or last refreshed. All calls block, for file calls: not for the training thread. `close()` it after use.
 */
export class StoredRun {
  readonly dir: string
  #file: RunFile
  #state: RunState
  #summary: RunSummary | null = null
  #current: RunSummary | null = null
  #index: SeriesIndex | null = null

  /** `dir`: a run directory. Throws RunFileError where its run.json cannot be read. */
  constructor(dir: string) {
    this.dir = dir
    this.#file = readRunFile(dir)
    this.#state = stateOf(dir, this.#file)
  }

  /** All that run.json holds. Its status is `running` also where the process has died. */
  get file(): RunFile {
    return this.#file
  }

  get id(): string {
    return this.#file.id
  }

  get project(): string {
    return this.#file.project
  }

  get name(): string {
    return this.#file.name
  }

  /** `crashed`, where the process is gone and nobody has completed the run yet. */
  get status(): RunStatus {
    return this.#state.status
  }

  /** Whether its process lives; `silent`: it cannot be seen from here, and has given no sign for some time. */
  get state(): RunState {
    return this.#state
  }

  /** Milliseconds since the epoch. */
  get startTime(): number {
    return Date.parse(this.#file.startTime)
  }

  /** Milliseconds since the epoch; null where it lives, or nobody knows. */
  get endTime(): number | null {
    return this.#file.endTime === null ? null : Date.parse(this.#file.endTime)
  }

  /** So far, for a live run; for one that crashed up to its newest row, as far as the summary that was read last knows. */
  get durationSeconds(): number | null {
    if (this.#file.durationSeconds !== null) return this.#file.durationSeconds
    if (this.#state.live) return Math.max(0, Date.now() - this.startTime) / 1000
    return (this.#current ?? this.summary()).durationSeconds
  }

  get config(): JsonObject {
    return this.#file.config ?? {}
  }

  get tags(): readonly string[] {
    return this.#file.tags ?? []
  }

  get group(): string | null {
    return this.#file.group ?? null
  }

  get notes(): string {
    return this.#file.notes ?? ''
  }

  get git(): GitInfo | null {
    return this.#file.git ?? null
  }

  /** Where it can be seen in a browser. */
  get url(): string | null {
    return this.#file.url ?? null
  }

  /** Each time that another process went on with the run, oldest first: a resumed run is one run. */
  get resumes(): readonly RunResume[] {
    return this.#file.resumes ?? []
  }

  /** See docs/checkpoints.md: lists, checks and loads them, also while the run saves. Throws CheckpointError. */
  get checkpoints(): Checkpoints {
    return checkpointReading().openCheckpoints(this.dir)
  }

  /** All versions of its artifacts, in the order in which their names came. Throws ArtifactError. */
  artifacts(): StoredArtifact[] {
    return this.#series().has('artifact') ? artifactReading().listArtifacts(this.dir) : []
  }

  /**
   * What each metric came to: from summary.json, which may be 2 s behind a live run, and ends before the last rows of one
   * that crashed; from the journal where it may tell of superseded rows. `current`: with all that is in the journal, and
   * with metrics that summary.json has no room for.
   */
  summary({ current = false } = {}): RunSummary {
    this.#summary ??= readSummaryFile(this.dir, this.#file)
    const isWhole = this.#file.delivered === true && this.#summary?.omittedValues === 0
    if (this.#summary !== null && (!current || isWhole)) return this.#summary
    this.#current ??= journalSummary().summaryOfJournal(this.dir, this.#file, goalsOf(this.#file))
    return this.#current
  }

  /** The metrics of each thread that has logged, as far as the journal goes. */
  metrics(): ProducerMetrics[] {
    const byProducer = new Map<number, string[]>()
    for (const { producer, name } of this.#series().metrics) {
      const names = byProducer.get(producer) ?? []
      byProducer.set(producer, names)
      names.push(name)
    }
    return [...byProducer]
      .map(([producer, metrics]) => ({ producer, name: this.#producerName(producer), metrics }))
      .sort((a, b) => a.producer - b.producer)
  }

  /** Points of a metric, all of them or down-sampled; null where the run has no such metric. */
  series(metric: string, { producer, ...range }: SeriesQuery = {}): Series | null {
    const index = this.#series()
    const of = producer ?? this.#firstProducerOf(metric)
    return of === null
      ? null
      : seriesReading().readSeries(this.dir, index, { producer: of, name: metric }, range)
  }

  /** Log calls, in the order of the journal, read as they are asked for. `metrics`: only these. */
  *rows(metrics?: readonly string[]): Generator<MetricRow> {
    const names = metrics === undefined ? null : new Set(metrics)
    const { readBatches, rowsOf } = rowReading()
    for (const batch of readBatches(this.dir)) yield* rowsOf(batch, names)
  }

  /** Media calls, in the order of the journal, read as they are asked for; updates of the run where `kind` names them. */
  *media<Kind extends MediaKind = MediaKind>(query: MediaQuery<Kind> = {}): Generator<StoredMedia<Kind>> {
    const { readBatches, mediaOf } = rowReading()
    for (const batch of readBatches(this.dir)) yield* mediaOf(batch, this.dir, query)
  }

  /** Reads what is new. Throws RunFileError where run.json cannot be read any more. */
  refresh(): void {
    this.#file = readRunFile(this.dir)
    this.#state = stateOf(this.dir, this.#file)
    this.#summary = null
    this.#current = null
    this.#index?.update()
  }

  /** Gives its files back. The run can be used on: they are opened again. */
  close(): void {
    this.#index?.close()
    this.#index = null
  }

  #series(): SeriesIndex {
    if (this.#index === null) {
      this.#index = new (seriesIndexing().SeriesIndex)(this.dir)
      this.#index.update()
    }
    return this.#index
  }

  #firstProducerOf(metric: string): number | null {
    const of = this.#series().metrics.filter(({ name }) => name === metric)
    return of.length === 0 ? null : Math.min(...of.map(({ producer }) => producer))
  }

  #producerName(producer: number): string {
    const named = this.#file.producers?.find(({ id }) => id === producer)
    return producer === 0 ? 'main' : (named?.name ?? `producer-${producer}`)
  }
}
