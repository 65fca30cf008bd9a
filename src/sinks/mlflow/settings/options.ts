import * as v from 'valibot'

const text = v.optional(v.pipe(v.string(), v.trim(), v.nonEmpty('give a text that is not empty')))

export const MODES = ['online', 'offline', 'disabled'] as const
export type MlflowMode = (typeof MODES)[number]

/** What `{ type: 'mlflow', ... }` takes. Where an option is left out, the environment decides, then the run. */
export const mlflowOptions = v.strictObject(
  {
    mode: v.optional(v.picklist(MODES)),
    /** Address of the tracking server. MLFLOW_TRACKING_URI. */
    trackingUri: text,
    /** MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. The password is not kept in run.json. */
    username: text,
    password: text,
    /** MLFLOW_TRACKING_TOKEN. Not kept in run.json. */
    token: text,
    /** Name of the experiment, which is made where it is missing. MLFLOW_EXPERIMENT_NAME; by default the project. */
    experiment: text,
    /** Id of an experiment that is there. MLFLOW_EXPERIMENT_ID. */
    experimentId: text,
    /** Id of a run that is there, to go on with it. MLFLOW_RUN_ID. */
    runId: text,
    /** The run's name at MLflow. */
    name: text,
    notes: v.optional(v.string()),
    /** Further tags of the run. */
    tags: v.optional(v.record(v.string(), v.string())),
    /** Id of the run that this one belongs to. By default one for the group, where the run has one. */
    parentRun: text,
    /** Say nothing of where the run can be seen. */
    silent: v.optional(v.boolean()),
    /** The engine's: the longest that a slice may take, in ms. */
    timeoutMs: v.optional(v.number()),
  },
  'the sink "mlflow" has no such option',
)

export type MlflowOptions = v.InferOutput<typeof mlflowOptions>
