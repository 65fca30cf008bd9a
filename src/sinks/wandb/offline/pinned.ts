import * as v from 'valibot'
import { RESUMES } from '../settings/options.js'
import type { WandbSettings } from '../settings/settings.js'

const text = v.optional(v.string())

const pinned = v.object({
  entity: text,
  project: v.string(),
  /** The id that a person has chosen. */
  id: text,
  resume: v.optional(v.picklist(RESUMES)),
  name: text,
  notes: text,
  tags: v.optional(v.array(v.string())),
  group: text,
  jobType: text,
})

/**
 * What an offline run is at W&B, as it was when it began: whoever completes or uploads it may have other variables in
 * the environment. Plain JSON, and no secret. Names are those of the sink's options.
 */
export type PinnedSettings = v.InferOutput<typeof pinned>

export function pinSettings(settings: WandbSettings): PinnedSettings {
  const { entity, project, runId, runIdGiven, resume, name, notes, tags, group, jobType } = settings
  const id = runIdGiven ? runId : undefined
  const given = { entity, project, id, resume, name, notes, group, jobType, tags: tags && [...tags] }
  // As a cursor gives it back: what is not there has no entry.
  return JSON.parse(JSON.stringify(given)) as PinnedSettings
}

/** Null for what is none. */
export function readPinned(value: unknown): PinnedSettings | null {
  const result = v.safeParse(pinned, value)
  return result.success ? result.output : null
}

/** The settings with what is pinned in place of what the environment says now. */
export function withPinned(settings: WandbSettings, fixed: PinnedSettings): WandbSettings {
  const { id, entity, project, resume, name, notes, tags, group, jobType } = fixed
  const run = id === undefined ? {} : { runId: id, runIdGiven: true }
  return { ...settings, ...run, entity, project, resume, name, notes, tags, group, jobType }
}
