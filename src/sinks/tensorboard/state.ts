import * as v from 'valibot'
import { SinkError } from '../errors.js'
import type { SinkState } from '../sink.js'

const step = v.pipe(v.number(), v.safeInteger())
const count = v.pipe(step, v.minValue(0))

/** What a cursor holds of one directory of event files. */
const directoryState = v.object({
  /** '' for the directory of producer 0, else the sub-directory's name. */
  name: v.string(),
  /** The last event file, and how much of it is committed. */
  file: v.string(),
  length: count,
  /** See event-file.ts. Missing in cursors of older versions. */
  crc: v.optional(count),
  earlier: v.optional(v.object({ files: count, bytes: count })),
  maxStep: step,
  /** Every tag written here, and the last step of each. */
  tags: v.array(v.string()),
  lastSteps: v.array(step),
  /** The same of media; missing in cursors of older versions. */
  media: v.optional(v.array(v.object({ tag: v.string(), plugin: v.string(), lastStep: step }))),
  /** Missing where there are no hyper-parameters. */
  hparams: v.optional(v.picklist(['config', 'logged'])),
})

const sinkState = v.object({ directories: v.array(directoryState) })

export type DirectoryState = v.InferOutput<typeof directoryState>

/** Throws a `rebuild` SinkError where the state is not one of ours. */
export function parseState(state: SinkState | null): DirectoryState[] {
  if (state === null) return []
  const result = v.safeParse(sinkState, state)
  if (result.success) return result.output.directories
  throw new SinkError(
    'rebuild',
    'STATE_INVALID',
    "the TensorBoard cursor cannot be read; the run's event files are written again from the journal",
  )
}
