import type { RecordBatch } from '../../../record/batch.js'
import type { RunOutcome, SinkContext, WriteResult } from '../../sink.js'
import type { Client } from '../api/client.js'
import { limitsOf } from '../api/limits.js'
import { ArtifactStore, type MultipartSizes } from '../artifacts/store.js'
import { Uploads } from '../artifacts/uploads.js'
import { planBatch, type Told } from '../batch-plan.js'
import { MetricSender } from '../metrics/sender.js'
import { Names } from '../names.js'
import type { MlflowSettings } from '../settings/settings.js'
import type { OnlineState } from '../state.js'
import { describeRun, type RunDescription } from './description.js'
import { tellEnd, tellRunning } from './end-run.js'
import { flatten } from './params.js'
import { PARENT_TAG, rightGroupRun } from './parent-run.js'
import { RunData } from './run-data.js'
import type { ServerRun } from './server-run.js'

/** How often run.json is looked at for what has become known since. */
const REFRESH_MS = 15_000

export interface RunSessionParts {
  readonly client: Client
  readonly context: SinkContext
  readonly settings: MlflowSettings
  readonly sizes: MultipartSizes
  /** What the server has of the run. */
  readonly found: ServerRun
  readonly state: OnlineState
}

/** A run at the server, between `open()` and `close()`. */
export class RunSession {
  readonly #parts: RunSessionParts
  readonly #names: Names
  readonly #metrics: MetricSender
  readonly #data: RunData
  readonly #uploads: Uploads | null
  #state: OnlineState
  #toldAt = performance.now()

  constructor(parts: RunSessionParts) {
    const { client, context, found, state, sizes } = parts
    const limits = limitsOf(state.version)
    this.#parts = parts
    this.#state = state
    this.#names = new Names(limits)
    this.#metrics = new MetricSender(client, state.run.runId)
    this.#data = new RunData({ client, context, limits, names: this.#names, run: found })
    const store = ArtifactStore.of(client, state.run.artifactUri, sizes)
    this.#uploads = store === null ? null : new Uploads(store, context.warn)
  }

  get state(): OnlineState {
    return this.#state
  }

  /** `first`: nothing of the run is committed, so that all that changes its params comes yet. */
  async begin(first: boolean): Promise<void> {
    const { client, context, found } = this.#parts
    if (context.live && found.status !== 'RUNNING') await tellRunning(client, found.runId, context.signal)
    const { tags, config } = this.#describe()
    await this.#data.setTags(tags)
    const params = flatten(config)
    await (first ? this.#data.setParams(params) : this.#data.addParams(params))
    await this.#data.recordNames()
  }

  async write(batch: RecordBatch): Promise<WriteResult> {
    const { context } = this.#parts
    const uploads = this.#uploads
    const plan = planBatch(batch, {
      state: this.#state,
      names: this.#names,
      runDir: context.runDir,
      takesFiles: uploads !== null,
    })
    if (uploads === null && [...batch.media.values()].some(({ file }) => file !== undefined))
      this.#warnOfFiles()
    const refused = await this.#metrics.send(plan.points, context.signal)
    for (const told of plan.told) await this.#tell(told)
    await this.#data.recordNames()
    const left = uploads === null ? [] : await uploads.upload(plan.files, context.signal)
    await this.#refresh()
    this.#metrics.settled()
    uploads?.settled()
    this.#state = plan.state
    const rejected = [...plan.rejected, ...refused, ...left]
    return { state: plan.state, notApplicable: plan.notApplicable, rejected }
  }

  async end(outcome: RunOutcome): Promise<void> {
    const { client, context } = this.#parts
    await this.#refresh(true)
    await this.#settleGroup()
    await tellEnd(client, this.#state.run.runId, outcome, context.signal)
  }

  async #settleGroup(): Promise<void> {
    const { client, context, settings, found, state } = this.#parts
    const { group } = this.#describe()
    const parent = found.tags.get(PARENT_TAG)
    if (group === null || parent === undefined || settings.parentRun !== undefined) return
    const { experimentId } = state.run
    const right = await rightGroupRun(client, experimentId, { group, parent }, context.signal)
    if (right !== null) await this.#data.setTags([[PARENT_TAG, right]])
  }

  stop(): void {
    this.#uploads?.stop()
  }

  async #tell(told: Told): Promise<void> {
    if ('params' in told) return this.#data.setParams(told.params)
    await this.#data.setTags(told.tags)
    for (const name of told.removed) await this.#data.deleteTag(name)
  }

  /** run.json grows while the run lives: the git commit may come late. */
  async #refresh(now = false): Promise<void> {
    if (!now && performance.now() - this.#toldAt < REFRESH_MS) return
    this.#toldAt = performance.now()
    await this.#data.setTags(this.#describe().tags)
  }

  #describe(): RunDescription {
    const { context, settings, state } = this.#parts
    const { runDir, runId, runName, project } = context
    return describeRun({ runDir, runId, runName, project, resumed: state.run.resumed }, settings)
  }

  #warnOfFiles(): void {
    const { context, state } = this.#parts
    const kind = /^[a-z0-9+-]*:/i.exec(state.run.artifactUri)?.[0] ?? 'a directory'
    const fix = 'start it with --serve-artifacts, in a new experiment'
    context.warn(
      'artifact-store',
      `files of the run are not at MLflow, whose server does not take them (its artifacts are at ${kind}): ${fix}`,
    )
  }
}
