import * as v from 'valibot'
import { SinkError } from '../errors.js'
import type { SinkState } from '../sink.js'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const onlineState = v.object({
  run: v.object({
    runId: v.string(),
    experimentId: v.string(),
    artifactUri: v.string(),
    trackingUri: v.string(),
    resumed: v.boolean(),
  }),
  version: v.string(),
  systemStep: v.pipe(v.number(), v.safeInteger()),
  artifacts: v.array(v.tuple([v.string(), count])),
})

/** A run at an MLflow server. */
export interface KnownRun {
  readonly runId: string
  readonly experimentId: string
  /** Where the run's files are: `mlflow-artifacts:/1/<run id>/artifacts`. */
  readonly artifactUri: string
  /** Of the server, without a slash at its end. */
  readonly trackingUri: string
  /** Somebody else has made it. */
  readonly resumed: boolean
}

/** What a cursor holds of a run that is delivered to MLflow. Plain JSON. */
export type OnlineState = {
  /** Pinned: another environment, in a later recovery, must not send the rest of the run somewhere else. */
  readonly run: KnownRun
  /** Of the server when the run began: names and limits stay the same for the whole run. */
  readonly version: string
  /** Of the next sample of the machine; MLflow counts them on their own. */
  readonly systemStep: number
  /** How many versions of each artifact are there. */
  readonly artifacts: readonly (readonly [name: string, versions: number])[]
}

/** Throws a `rebuild` SinkError where the state is not one of ours: MLflow drops what it has when it comes again. */
export function parseState(state: SinkState): OnlineState {
  const result = v.safeParse(onlineState, state)
  if (result.success) return result.output
  throw new SinkError(
    'rebuild',
    'STATE_INVALID',
    "the MLflow cursor cannot be read; the run's rows are sent again from the journal, and MLflow drops what it has",
  )
}
