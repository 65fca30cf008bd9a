import { createHash } from 'node:crypto'
import type { KnownRun } from '../run/bucket.js'

/** An artifact record, and which one of which run it is. */
export interface ArtifactOrigin {
  /** offstep's id of the run: several may go on with one run of W&B. */
  readonly runId: string
  /** Milliseconds since the epoch, of the run's start. */
  readonly startTime: number
  /** Sequence number of the record. */
  readonly sequence: number
}

/**
 * By these ids W&B tells the version, and the list of versions it belongs to, from others. Its own clients draw them;
 * ours come from the record, so that a record that comes again after a crash is the same version. 128 characters, as
 * theirs are.
 */
export function clientIds(
  { entity, project, runId }: KnownRun,
  origin: ArtifactOrigin,
): { readonly clientID: string; readonly sequenceClientID: string } {
  const of = (what: string): string => {
    const parts = [what, entity, project, runId, origin.runId, origin.startTime, origin.sequence]
    return createHash('sha512').update(JSON.stringify(parts)).digest('hex')
  }
  return { clientID: of('version'), sequenceClientID: of('sequence') }
}
