/** W&B's GraphQL calls, as wandb 0.30.0 makes them: the queries are its own, word for word. */
import { SinkError } from '../../errors.js'
import type { RunDescription } from '../run-description.js'
import { confirmed, isDivisible, pause, shown } from './answers.js'
import type { Transport } from './transport.js'

const UPSERT_BUCKET =
  'mutation UpsertBucket ($id: String, $name: String, $project: String, $entity: String, $groupName: String, $description: String, $displayName: String, $notes: String, $commit: String, $config: JSONString, $host: String, $debug: Boolean, $program: String, $repo: String, $jobType: String, $state: String, $sweep: String, $tags: [String!], $summaryMetrics: JSONString) { upsertBucket(input: {id:$id,name:$name,groupName:$groupName,modelName:$project,entityName:$entity,description:$description,displayName:$displayName,notes:$notes,config:$config,commit:$commit,host:$host,debug:$debug,jobProgram:$program,jobRepo:$repo,jobType:$jobType,state:$state,sweep:$sweep,tags:$tags,summaryMetrics:$summaryMetrics}) { bucket { id name displayName description config sweepName project { id name entity { id name } } historyLineCount } inserted } }'

const RUN_RESUME_STATUS =
  'query RunResumeStatus ($project: String, $entity: String, $name: String!) { model(name: $project, entityName: $entity) { id name entity { id name } bucket(name: $name, missingOk: true) { id name summaryMetrics displayName logLineCount historyLineCount eventsLineCount historyTail eventsTail config tags notes wandbConfig(keys: ["t"]) } } }'

/** Where a run is; the server decides on entity and project. */
export interface RunPlace {
  readonly runId: string
  readonly entity: string | undefined
  readonly project: string
  /** W&B's own id of the run; undefined before the run is created. */
  readonly storageId: string | undefined
}

/** A run as the server knows it. */
export interface KnownRun extends RunPlace {
  readonly entity: string
  readonly storageId: string
}

/** What the server holds of a run that may be resumed. */
export interface ResumeStatus {
  readonly storageId: string
  readonly historyLineCount: number
  /** The newest history lines, and the whole summary: JSON. */
  readonly historyTail: string | null
  readonly summaryMetrics: string | null
}

type Variables = { readonly [name: string]: unknown }
/** A part of an answer, to be looked into with care. */
type Part = { readonly [name: string]: Part | undefined } | null | undefined

export class GraphQl {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Creates the run, or brings it up to date. */
  async upsertBucket(
    place: RunPlace,
    run: RunDescription,
    key: string,
    signal: AbortSignal,
  ): Promise<KnownRun> {
    const variables = { ...bucketOf(run), name: place.runId, project: place.project }
    const owned = { id: place.storageId ?? null, entity: place.entity ?? null }
    const data = await this.#call('UpsertBucket', UPSERT_BUCKET, { ...variables, ...owned }, key, signal)
    const bucket = data?.upsertBucket?.bucket
    const known = {
      runId: textOf(bucket?.name),
      storageId: textOf(bucket?.id),
      project: textOf(bucket?.project?.name),
      entity: textOf(bucket?.project?.entity?.name),
    }
    if (Object.values(known).includes('')) {
      throw new SinkError('retry', 'BAD_ANSWER', 'the W&B server did not say which run it has created')
    }
    return known
  }

  /** Null where there is no such run. */
  async resumeStatus(
    { runId, project, entity }: RunPlace,
    key: string,
    signal: AbortSignal,
  ): Promise<ResumeStatus | null> {
    const variables = { project, entity: entity ?? null, name: runId }
    const data = await this.#call('RunResumeStatus', RUN_RESUME_STATUS, variables, key, signal)
    const bucket = data?.model?.bucket
    if (!bucket) return null
    const { historyLineCount, historyTail, summaryMetrics } = bucket
    return {
      storageId: textOf(bucket.id),
      historyLineCount: Number(historyLineCount ?? 0),
      historyTail: textOf(historyTail) || null,
      summaryMetrics: textOf(summaryMetrics) || null,
    }
  }

  async #call(
    operationName: string,
    query: string,
    variables: Variables,
    key: string,
    signal: AbortSignal,
  ): Promise<Part> {
    const body = JSON.stringify({ query, variables, operationName })
    const { data, errors } = await this.#answer(body, key, signal)
    if (Array.isArray(errors) && errors.length > 0) throw refused(operationName, errors, key)
    return data as Part
  }

  async #answer(body: string, key: string, signal: AbortSignal) {
    const answer = await this.#transport.post('/graphql', body, key, signal)
    try {
      // 409: two clients create a run at once; W&B's own ones try again too.
      return confirmed(answer.status === 409 ? { ...answer, status: 503 } : answer, key)
    } catch (error) {
      if (!isDivisible(error)) throw error
      const fix = "check the run's config (15 MB at most), name and tags"
      throw pause('WANDB_REFUSED', `W&B has refused the run itself: ${fix} (${error.message})`)
    }
  }
}

function bucketOf(run: RunDescription): Variables {
  return {
    displayName: run.displayName,
    groupName: run.group ?? null,
    description: null,
    notes: run.notes ?? null,
    commit: run.commit ?? null,
    config: JSON.stringify(run.config),
    host: run.host ?? null,
    debug: null,
    program: run.program ?? null,
    repo: run.repo ?? null,
    jobType: run.jobType ?? null,
    state: null,
    sweep: null,
    tags: run.tags ?? null,
    summaryMetrics: null,
  }
}

/** Errors in a 200. What names access, a place or a limit stays until a person acts. */
function refused(operation: string, errors: readonly unknown[], key: string): SinkError {
  const { message } = (errors[0] ?? {}) as { message?: unknown }
  const said = shown(typeof message === 'string' ? message : JSON.stringify(errors[0]), key)
  if (/permission|access|denied|forbidden|unauthori|not found|entity|project|limit|quota/i.test(said)) {
    const fix = "check WANDB_ENTITY and WANDB_PROJECT, and the API key's access to them"
    return pause('WANDB_REFUSED', `W&B has refused ${operation}: ${said}; ${fix}`)
  }
  return new SinkError('retry', 'WANDB_REFUSED', `W&B has refused ${operation}: ${said}`)
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
