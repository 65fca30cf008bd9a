import type { SinkContext } from '../../../sink.js'
import { noHistory } from '../../history/history.js'
import { describeRun } from '../../run/run-description.js'
import { summaryOf } from '../../run/summary.js'
import type { WandbSettings } from '../../settings/settings.js'
import type { OnlineState } from '../state.js'
import { type Baseline, newRun, readBaseline } from './baseline.js'
import { findBaseline } from './begin-run.js'
import { type KnownRun, type ToldRun, upsertBucket } from './bucket.js'
import { markDelivery } from './earlier-runs.js'
import type { GraphQl } from './graphql.js'
import { resumedDescription } from './resumed-config.js'

type Place = Parameters<typeof upsertBucket>[1]

/** What the server is told of the run itself: its config, name, tags and the like. */
export class RunProfile {
  readonly #graphql: GraphQl
  readonly #settings: WandbSettings
  readonly #context: SinkContext
  #baseline: Baseline | null = null
  /** What the server has, as JSON. */
  #told = ''
  /** When it was told last, by `performance.now()`. */
  toldAt = 0

  constructor(graphql: GraphQl, settings: WandbSettings, context: SinkContext) {
    this.#graphql = graphql
    this.#settings = settings
    this.#context = context
  }

  /** Creates the run at the server, or finds the one to resume; the state to go on from. */
  async open(committed: OnlineState | null, key: string): Promise<OnlineState> {
    const { entity, project } = this.#settings
    const { runDir, startTime } = this.#context
    if (committed !== null) {
      this.#baseline = readBaseline(runDir, committed.run.runId)
      this.#mark(false)
      const description = this.#describe(committed)
      return { ...committed, run: await this.#upsert(committed.run, description, key) }
    }
    const parts = { graphql: this.#graphql, settings: this.#settings, context: this.#context, key }
    const baseline = await findBaseline(parts)
    this.#baseline = baseline
    this.#mark(false)
    const place = { runId: baseline.runId, entity, project, storageId: baseline.storageId }
    const run = await this.#upsert(place, this.#describe(null), key)
    return firstState(run, baseline, startTime)
  }

  /** All that there is to say of the run is said. */
  ended(): void {
    this.#mark(true)
  }

  #mark(ended: boolean): void {
    const runId = this.#baseline?.runId ?? this.#settings.runId
    markDelivery(this.#context.runDir, { ...this.#settings, runId }, { ended })
  }

  /** What has become known since the server was told: by updates, and in run.json, which grows while the run lives. */
  async tell(state: OnlineState, key: string): Promise<void> {
    const description = this.#describe(state)
    if (JSON.stringify(description) !== this.#told) await this.#upsert(state.run, description, key)
  }

  /** The run goes on, after it was ended. */
  async tellAgain(state: OnlineState, key: string): Promise<void> {
    await this.#upsert(state.run, this.#describe(state), key)
  }

  /** The state before the run's first row. */
  begun(run: KnownRun): OnlineState {
    return firstState(run, this.#baseline ?? newRun(run.runId), this.#context.startTime)
  }

  async #upsert(place: Place, description: ToldRun, key: string): Promise<KnownRun> {
    const run = await upsertBucket(this.#graphql, place, description, key, this.#context.signal)
    this.#told = JSON.stringify(description)
    this.toldAt = performance.now()
    return run
  }

  #describe(state: OnlineState | null): ToldRun {
    const { runDir, runName } = this.#context
    const told = state === null ? undefined : { updates: state.history.updates, summary: state.summary }
    const description = describeRun(runDir, runName, this.#settings, told)
    return resumedDescription(description, this.#baseline ?? {}, this.#settings.name)
  }
}

function firstState(run: KnownRun, baseline: Baseline, startTime: number): OnlineState {
  return {
    run,
    startTime: startTime - baseline.runtime * 1000,
    offsets: baseline.offsets,
    history: noHistory(baseline.lastStep),
    stepShift: null,
    summary: summaryOf(baseline.summary),
    alerts: [],
    refusedLines: 0,
    refusedInRow: 0,
    rewinds: 0,
  }
}
