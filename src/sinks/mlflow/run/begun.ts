/**
 * How a run has begun, in a file of the run directory, before anything is asked of a server: whoever completes or
 * uploads it may have other variables in the environment. `key` is a tag of the run at MLflow, by which it is found again
 * where the answer to its creation was lost.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import * as v from 'valibot'
import { readKept, writeKept } from '../../kept-file.js'
import type { SinkContext } from '../../sink.js'
import type { MlflowSettings } from '../settings/settings.js'

const begun = v.object({
  key: v.pipe(v.string(), v.uuid()),
  experiment: v.union([v.object({ name: v.string() }), v.object({ id: v.string() })]),
  runId: v.optional(v.string()),
  /** Of the server that the run is at, once it is. */
  trackingUri: v.optional(v.string()),
  /** Of the first sample of the machine: behind those that a run that is gone on with has. */
  systemStep: v.optional(v.pipe(v.number(), v.safeInteger())),
})

export type Begun = v.InferOutput<typeof begun>

const fileOf = (runDir: string): string => join(runDir, 'mlflow', 'run.json')

/** What the file says; the file is made where it is missing. Blocks until it is on the disk. */
export function beginRun({ runDir }: Pick<SinkContext, 'runDir'>, settings: MlflowSettings): Begun {
  const found = readBegun(runDir)
  if (found !== null) return found
  const { experiment, runId } = settings
  const made = { key: randomUUID(), experiment, ...(runId === undefined ? {} : { runId }) }
  writeBegun(runDir, made)
  return made
}

/** Null where the run has not begun. Blocks. */
export function readBegun(runDir: string): Begun | null {
  return readKept(fileOf(runDir), begun)
}

/** Blocks until it is on the disk. */
export function writeBegun(runDir: string, content: Begun): void {
  writeKept(fileOf(runDir), content)
}
