/** A run at W&B: created, brought up to date, looked up. The queries are those of wandb 0.30.0, word for word. */
import { SinkError } from '../../../errors.js'
import { isDivisible, pause } from '../../../http/pause.js'
import type { RunDescription } from '../../run/run-description.js'
import { type GraphQl, type Part, textOf, type Variables } from './graphql.js'

const UPSERT_BUCKET =
  'mutation UpsertBucket ($id: String, $name: String, $project: String, $entity: String, $groupName: String, $description: String, $displayName: String, $notes: String, $commit: String, $config: JSONString, $host: String, $debug: Boolean, $program: String, $repo: String, $jobType: String, $state: String, $sweep: String, $tags: [String!], $summaryMetrics: JSONString) { upsertBucket(input: {id:$id,name:$name,groupName:$groupName,modelName:$project,entityName:$entity,description:$description,displayName:$displayName,notes:$notes,config:$config,commit:$commit,host:$host,debug:$debug,jobProgram:$program,jobRepo:$repo,jobType:$jobType,state:$state,sweep:$sweep,tags:$tags,summaryMetrics:$summaryMetrics}) { bucket { id name displayName description config sweepName project { id name entity { id name } } historyLineCount } inserted } }'

const RUN_RESUME_STATUS =
  'query RunResumeStatus ($project: String, $entity: String, $name: String!) { model(name: $project, entityName: $entity) { id name entity { id name } bucket(name: $name, missingOk: true) { id name summaryMetrics displayName logLineCount historyLineCount eventsLineCount historyTail eventsTail config tags notes wandbConfig(keys: ["t"]) } } }'

/** What is told of a run. */
export type ToldRun = Omit<RunDescription, 'displayName'> & {
  /** Undefined: as it is, or as the server likes. */
  readonly displayName: string | undefined
}

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
  readonly eventsLineCount: number
  readonly logLineCount: number
  /** The newest lines, the whole summary and the whole config: JSON. */
  readonly historyTail: string | null
  readonly eventsTail: string | null
  readonly summaryMetrics: string | null
  readonly config: string | null
}

/** Creates the run with nothing but its id; false where it is there already, which then stays as it is. */
export async function claimRun(
  graphql: GraphQl,
  { runId, project, entity }: RunPlace,
  key: string,
  signal: AbortSignal,
): Promise<boolean> {
  const variables = { ...UNSAID, name: runId, project, id: null, entity: entity ?? null }
  const data = await ofTheRun(graphql.call('UpsertBucket', UPSERT_BUCKET, variables, key, signal))
  return (data?.upsertBucket as { inserted?: unknown } | null | undefined)?.inserted !== false
}

/** Creates the run, or brings it up to date. */
export async function upsertBucket(
  graphql: GraphQl,
  place: RunPlace,
  run: ToldRun,
  key: string,
  signal: AbortSignal,
): Promise<KnownRun> {
  const variables = { ...bucketOf(run), name: place.runId, project: place.project }
  const owned = { id: place.storageId ?? null, entity: place.entity ?? null }
  const all = { ...variables, ...owned }
  const data = await ofTheRun(graphql.call('UpsertBucket', UPSERT_BUCKET, all, key, signal))
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
export async function resumeStatus(
  graphql: GraphQl,
  { runId, project, entity }: RunPlace,
  key: string,
  signal: AbortSignal,
): Promise<ResumeStatus | null> {
  const variables = { project, entity: entity ?? null, name: runId }
  const data = await ofTheRun(graphql.call('RunResumeStatus', RUN_RESUME_STATUS, variables, key, signal))
  const bucket = data?.model?.bucket
  if (!bucket) return null
  return {
    storageId: textOf(bucket.id),
    historyLineCount: Number(bucket.historyLineCount ?? 0),
    eventsLineCount: Number(bucket.eventsLineCount ?? 0),
    logLineCount: Number(bucket.logLineCount ?? 0),
    historyTail: textOf(bucket.historyTail) || null,
    eventsTail: textOf(bucket.eventsTail) || null,
    summaryMetrics: textOf(bucket.summaryMetrics) || null,
    config: textOf(bucket.config) || null,
  }
}

/** No row is to blame where the run itself is refused. */
async function ofTheRun(call: Promise<Part>): Promise<Part> {
  try {
    return await call
  } catch (error) {
    if (!isDivisible(error)) throw error
    const fix = "check the run's config (15 MB at most), name and tags"
    throw pause('WANDB_REFUSED', `W&B has refused the run itself: ${fix} (${error.message})`)
  }
}

/** Nothing of the run changes. */
const UNSAID: Variables = {
  displayName: null,
  groupName: null,
  description: null,
  notes: null,
  commit: null,
  config: null,
  host: null,
  debug: null,
  program: null,
  repo: null,
  jobType: null,
  state: null,
  sweep: null,
  tags: null,
  summaryMetrics: null,
}

function bucketOf(run: ToldRun): Variables {
  return {
    ...UNSAID,
    displayName: run.displayName ?? null,
    groupName: run.group ?? null,
    notes: run.notes ?? null,
    commit: run.commit ?? null,
    config: JSON.stringify(run.config),
    host: run.host ?? null,
    program: run.program ?? null,
    repo: run.repo ?? null,
    jobType: run.jobType ?? null,
    tags: run.tags ?? null,
  }
}
