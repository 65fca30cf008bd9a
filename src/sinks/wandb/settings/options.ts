import * as v from 'valibot'

const text = v.optional(v.pipe(v.string(), v.trim(), v.nonEmpty('give a text that is not empty')))

export const MODES = ['online', 'offline', 'disabled'] as const
export const RESUMES = ['allow', 'must', 'never', 'auto'] as const

export type WandbMode = (typeof MODES)[number]
export type WandbResume = (typeof RESUMES)[number]

/** What `{ type: 'wandb', ... }` takes. Where an option is left out, the environment decides, then the run. */
export const wandbOptions = v.strictObject(
  {
    mode: v.optional(v.picklist(MODES)),
    /** Address of the server's API. WANDB_BASE_URL; by default https://api.wandb.ai. */
    baseUrl: text,
    /** WANDB_API_KEY, or the file that `wandb login` writes. Not kept in run.json. */
    apiKey: text,
    /** A user or a team. By default what the server has as the key's own. */
    entity: text,
    project: text,
    /** The run's id at W&B. By default offstep's. */
    id: text,
    resume: v.optional(v.picklist(RESUMES)),
    /** The run's name at W&B. */
    name: text,
    notes: v.optional(v.string()),
    tags: v.optional(v.array(v.string())),
    group: text,
    jobType: text,
    /** Where runs are written in offline mode. WANDB_DIR; by default the run's directory. */
    dir: text,
    /** Say nothing of where the run can be seen. WANDB_SILENT. */
    silent: v.optional(v.boolean()),
    /** The engine's: the longest that a slice may take, in ms. */
    timeoutMs: v.optional(v.number()),
  },
  'the sink "wandb" has no such option',
)

export type WandbOptions = v.InferOutput<typeof wandbOptions>
