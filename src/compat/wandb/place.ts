import type { Run as OffstepRun } from '../../run/run.js'
import { runIdFrom } from '../../sinks/wandb/settings/run-id.js'
import type { WandbSettings } from '../../sinks/wandb/settings/settings.js'

/** Where a run is at W&B. */
export interface Place {
  readonly entity: string
  readonly project: string
  readonly id: string
}

/** What the server has said; before that, what was asked for. May wait, as `run.id` does. */
export function placeOf(run: OffstepRun, settings: WandbSettings | null): Place {
  const named = run.url === null ? null : placeIn(run.url)
  if (named !== null) return named
  const id = settings?.runIdGiven ? settings.runId : runIdFrom(run.id)
  return { entity: settings?.entity ?? '', project: settings?.project ?? '', id }
}

/** `.../{entity}/{project}/runs/{id}`, as the sink makes it. */
function placeIn(url: string): Place | null {
  const parts = new URL(url).pathname.split('/').slice(-4).map(decodeURIComponent)
  const [entity, project, , id] = parts
  return entity && project && id ? { entity, project, id } : null
}
