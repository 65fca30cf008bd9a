import { randomBytes } from 'node:crypto'
import { SinkError } from '../../../errors.js'
import { MAX_ID_LENGTH } from '../../settings/run-id.js'
import { type Baseline, newRun, readFixed, writeBaseline } from './baseline.js'
import type { Beginning } from './begin-run.js'
import { claimRun } from './bucket.js'
import { isMarked, markDelivery, unmarkDelivery } from './earlier-runs.js'

const RANDOM_BYTES = 4

/** Errors by which the request has not come to the server. */
const NOT_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Where the lines of a run with offstep's own id begin. Ids have the time to the second: two machines, or two
 * directories, may have the same one. So the run is created with nothing but its id first; where W&B has one already,
 * that one stays as it is, and this run gets another id, which is fixed in its directory.
 *
 * Where the answer is lost, nobody knows whose the run is: it is taken for this one then.
 */
export async function ownRun({ graphql, settings, context, key }: Beginning): Promise<Baseline> {
  const { runId, entity, project } = settings
  const { runDir, signal, warn } = context
  const fixed = readFixed(runDir)
  if (fixed?.runId.startsWith(beginningOf(runId))) return fixed
  if (isMarked(runDir)) return newRun(runId)
  markDelivery(runDir, settings, { ended: false })
  const place = { runId, entity, project, storageId: undefined }
  const isNew = await claimRun(graphql, place, key, signal).catch((error: unknown) => {
    if (isUndone(error)) unmarkDelivery(runDir)
    throw error
  })
  if (isNew) return newRun(runId)
  const other = `${beginningOf(runId)}${randomBytes(RANDOM_BYTES).toString('hex')}`
  writeBaseline(runDir, newRun(other))
  warn('run-id', `W&B has another run "${runId}" in "${project}" already: this one is "${other}" there`)
  return newRun(other)
}

const beginningOf = (runId: string): string => `${runId.slice(0, MAX_ID_LENGTH - 2 * RANDOM_BYTES - 1)}-`

const isUndone = (error: unknown): boolean =>
  error instanceof SinkError && (error.action !== 'retry' || NOT_SENT.has(error.code))
