import { SinkError } from '../../../errors.js'
import type { KnownRun } from '../run/bucket.js'
import { type GraphQl, textOf } from '../run/graphql.js'

/** As wandb 0.30.0 asks. */
const CREATE_RUN_FILES =
  'mutation CreateRunFiles ($entity: String!, $project: String!, $run: String!, $files: [String!]!) { createRunFiles(input: {entityName:$entity,projectName:$project,runName:$run,files:$files}) { runID uploadHeaders files { name uploadUrl } } }'

export interface UploadTarget {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
}

/** Where the files of a run are to be PUT, by name. Throws a SinkError that says what to do. */
export async function createRunFiles(
  graphql: GraphQl,
  { entity, project, runId }: KnownRun,
  files: readonly string[],
  key: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, UploadTarget>> {
  const variables = { entity, project, run: runId, files }
  const data = await graphql.call('CreateRunFiles', CREATE_RUN_FILES, variables, key, signal)
  const created: unknown = data?.createRunFiles
  const { uploadHeaders, files: given } = (created ?? {}) as { uploadHeaders?: unknown; files?: unknown }
  const headers = headersOf(uploadHeaders)
  const targets = new Map<string, UploadTarget>()
  for (const { name, uploadUrl } of Array.isArray(given) ? (given as { [field: string]: unknown }[]) : []) {
    if (textOf(uploadUrl) !== '') targets.set(textOf(name), { url: textOf(uploadUrl), headers })
  }
  if (files.every((name) => targets.has(name))) return targets
  throw new SinkError('retry', 'BAD_ANSWER', 'the W&B server did not say where the files of the run go')
}

/** `Name:value`, each; the value may have colons of its own. */
export function headersOf(given: unknown): { readonly [name: string]: string } {
  const lines = Array.isArray(given) ? given.filter((line) => typeof line === 'string') : []
  const pairs = lines.map((line) => [line, line.indexOf(':')] as const).filter(([, colon]) => colon > 0)
  return Object.fromEntries(
    pairs.map(([line, colon]) => [line.slice(0, colon), line.slice(colon + 1).trim()]),
  )
}
