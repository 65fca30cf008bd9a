/** Records of artifacts and saved files as a journal has them, and their delivery as the engine does it. */
import { randomBytes } from 'node:crypto'
import { keepBytes } from '../../src/artifact/store.js'
import type { MediaRecord } from '../../src/record/media.js'
import type { ArtifactValue } from '../../src/record/updates.js'
import { SinkError } from '../../src/sinks/errors.js'
import { createSink } from '../../src/sinks/s3/sink.js'
import type { Sink, SinkContext, SinkState } from '../../src/sinks/sink.js'
import { BatchBuilder, type RowLiteral } from '../unit/support/batches.js'
import { sinkContext } from '../unit/support/sink-run.js'

export const MIB = 2 ** 20
export const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDOFATEST', AWS_SECRET_ACCESS_KEY: 'hunter2hunter2' }

/** The SDK takes credentials from the process's own environment alone. */
export function useKeys(): void {
  Object.assign(process.env, KEYS, { AWS_EC2_METADATA_DISABLED: 'true' })
}

export const bytesOf = (size: number): Buffer => randomBytes(size)

export function artifactRow(
  runDir: string,
  name: string,
  files: { readonly [path: string]: Buffer },
  about: Partial<ArtifactValue> = {},
): RowLiteral {
  const entries = Object.entries(files).map(([path, bytes]) => ({ path, ...keepBytes(runDir, bytes) }))
  const value = { type: 'model', metadata: {}, aliases: [], entries, ...about }
  return { media: { kind: 'artifact', name, producer: 0, value } as MediaRecord }
}

export function fileRow(runDir: string, name: string, bytes: Buffer): RowLiteral {
  const { file } = keepBytes(runDir, bytes)
  return { media: { kind: 'file', name, producer: 0, value: { source: name }, file } }
}

/** A sink whose requests are made once: what fails is the engine's to try again. */
export const onceSink = (): Sink => createSink({ attempts: 1 })

export interface Delivery {
  readonly state: SinkState
  /** Codes of the errors after which the batch came again. */
  readonly retries: readonly string[]
  readonly rejected: readonly { readonly row: number; readonly cause: string; readonly reason: string }[]
  readonly notApplicable: number
}

const MAX_TRIES = 500

/** One batch, again and again until the destination has it. Throws what is no `retry`. */
export async function deliverRows(
  context: SinkContext,
  rows: readonly RowLiteral[],
  { sink = onceSink(), state = null as SinkState | null } = {},
): Promise<Delivery> {
  const batch = new BatchBuilder().batchOf(rows)
  const retries: string[] = []
  try {
    await sink.open(context, state)
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      try {
        const { rejected = [], notApplicable = 0, ...result } = await sink.write(batch)
        return { state: JSON.parse(JSON.stringify(result.state)), retries, rejected, notApplicable }
      } catch (error) {
        if (!(error instanceof SinkError) || error.action !== 'retry') throw error
        retries.push(error.code)
      }
    }
    throw new Error(`not delivered: ${retries.slice(-3)}`)
  } finally {
    await sink.close({ status: 'running', endTime: 0 })
  }
}

export const s3Context = (
  runDir: string,
  endpoint: string,
  options: object = {},
  parts: Partial<SinkContext> = {},
): SinkContext =>
  sinkContext(runDir, { options: { url: 's3://bucket/pre/fix', endpoint, ...options }, ...parts })

/** What stands before the keys of the run's objects. */
export const PREFIX = 'pre/fix/tinystories/baseline_20241119_070640_0123abcd'
