import { notifyScriptableRunAlert } from './alerts.js'
import {
  artifactType,
  commitArtifact,
  createArtifact,
  createArtifactFiles,
  createArtifactManifest,
} from './artifacts.js'
import type { Backend } from './backend.js'
import { parseLine } from './extended-json.js'
import { metricsOf } from './metrics.js'
import { rewindRun } from './rewind.js'
import { CONSOLE, EVENTS, HISTORY, type StoredRun } from './stored-run.js'
import { UPLOAD_HEADERS } from './uploads.js'

export interface GraphqlBody {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  readonly operationName?: string
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export type Variables = Readonly<Record<string, unknown>>

export interface GraphqlContext {
  readonly backend: Backend
  readonly entity: string
  /** Where files are to be PUT. */
  uploadUrl(run: StoredRun, file: string): string
  /** Where content of artifacts is to be PUT. */
  readonly artifactUrl: (ticket: string) => string
}

type Resolver = (variables: Variables, context: GraphqlContext) => Answer

/** How many of the last lines a resuming client is shown. */
const TAIL_LINES = 4

const RESOLVERS: Readonly<Record<string, Resolver>> = {
  Viewer: (_variables, { entity }) =>
    data({
      viewer: {
        id: 'VXNlcjox',
        entity,
        username: entity,
        email: 'user@example.com',
        flags: '{}',
        teams: { edges: [] },
      },
    }),
  ServerFeaturesQuery: () => data({ serverInfo: { features: [] } }),
  OrganizationCoreWeaveOrganizationID: () => data({ entity: { organization: null } }),
  UpsertBucket: upsertBucket,
  RunResumeStatus: resumeStatus,
  RewindRun: (variables, context) => rewindRun(variables, context),
  CreateRunFiles: createRunFiles,
  NotifyScriptableRunAlert: notifyScriptableRunAlert,
  ArtifactType: artifactType,
  CreateArtifact: createArtifact,
  CreateArtifactManifest: createArtifactManifest,
  CreateArtifactFiles: createArtifactFiles,
  CommitArtifact: commitArtifact,
}

/** `operationName`, or the name in the query. */
export function operationOf({ operationName, query }: GraphqlBody): string {
  return operationName || (/(?:mutation|query)\s+(\w+)/.exec(query)?.[1] ?? 'unnamed')
}

export function isKnown(operation: string): boolean {
  return Object.hasOwn(RESOLVERS, operation)
}

export function resolve(operation: string, variables: Variables, context: GraphqlContext): Answer {
  const resolver = RESOLVERS[operation]
  return resolver === undefined ? failure(400, `no operation ${operation}`) : resolver(variables, context)
}

function upsertBucket(variables: Variables, { backend }: GraphqlContext): Answer {
  const { id, name, entity, project, config } = variables
  const wrong = configError(config)
  if (wrong !== undefined) return failure(400, wrong)
  const found = typeof id === 'string' ? backend.runs.find((run) => run.storageId === id) : undefined
  const known = found ?? backend.find(entity, project, name)
  if (known === undefined && typeof id === 'string') return failure(404, `no run with the id ${id}`)
  if (known === undefined && typeof name !== 'string') return failure(400, 'a run needs a name')
  const run = known ?? backend.create(entity, project, name as string)
  run.upsert(variables)
  return data({ upsertBucket: { bucket: bucketOf(run), inserted: known === undefined } })
}

function configError(config: unknown): string | undefined {
  if (config === null || config === undefined) return undefined
  try {
    metricsOf(parseLine(config as string))
    return undefined
  } catch (error) {
    return `invalid config: ${(error as Error).message}`
  }
}

export function bucketOf(run: StoredRun): object {
  const { displayName, description, config, sweep } = run.fields
  return {
    id: run.storageId,
    name: run.id,
    displayName: displayName ?? run.id,
    description: description ?? null,
    config: config ?? '{}',
    sweepName: sweep ?? null,
    project: projectOf(run),
    historyLineCount: run.lines(HISTORY).length,
  }
}

function projectOf({ entity, project }: StoredRun): object {
  const id = Buffer.from(`Project:v1:${project}:${entity}`).toString('base64')
  return {
    id,
    name: project,
    entity: { id: Buffer.from(`Entity:${entity}`).toString('base64'), name: entity },
  }
}

function resumeStatus(variables: Variables, { backend }: GraphqlContext): Answer {
  const { entity, project, name } = variables
  if (!backend.hasProject(entity, project)) return data({ model: null })
  const owner = backend.owner(entity, project)
  const run = backend.find(entity, project, name)
  const ids = { id: 'UHJvamVjdA==', name: owner.project, entity: { id: 'RW50aXR5', name: owner.entity } }
  return data({ model: { ...ids, bucket: run === undefined ? null : resumedBucket(run) } })
}

function resumedBucket(run: StoredRun): object {
  const tail = (file: string): string => JSON.stringify(run.lines(file).slice(-TAIL_LINES))
  const wandb = run.config?._wandb as { value?: { t?: unknown } } | undefined
  const { tags, notes } = run.fields
  return {
    ...bucketOf(run),
    summaryMetrics: run.summaryLine ?? '{}',
    logLineCount: run.lines(CONSOLE).length,
    eventsLineCount: run.lines(EVENTS).length,
    historyTail: tail(HISTORY),
    eventsTail: tail(EVENTS),
    tags: tags ?? [],
    notes: notes ?? null,
    wandbConfig: JSON.stringify(wandb?.value?.t === undefined ? {} : { t: wandb.value.t }),
  }
}

function createRunFiles(variables: Variables, context: GraphqlContext): Answer {
  const { entity, project, run: id, files } = variables
  const run = context.backend.find(entity, project, id)
  if (run === undefined) return failure(404, `no run ${String(id)}`)
  const named = (files as string[]).map((name) => ({ name, uploadUrl: context.uploadUrl(run, name) }))
  return data({ createRunFiles: { runID: run.storageId, uploadHeaders: UPLOAD_HEADERS, files: named } })
}

export function data(value: object): Answer {
  return { status: 200, body: { data: value } }
}

/** As W&B says it. */
export function failure(status: number, message: string): Answer {
  return { status, body: { errors: [{ message }], data: null } }
}
