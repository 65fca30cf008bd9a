import type { Alert, AlertLevel } from '../../../record/updates.js'
import type { KnownRun } from './run/bucket.js'
import type { GraphQl } from './run/graphql.js'

/** As wandb 0.30.0 asks. */
const NOTIFY =
  'mutation NotifyScriptableRunAlert ($entityName: String!, $projectName: String!, $runName: String!, $title: String!, $text: String!, $severity: AlertSeverity = INFO, $waitDuration: Duration) { notifyScriptableRunAlert(input: {entityName:$entityName,projectName:$projectName,runName:$runName,title:$title,text:$text,severity:$severity,waitDuration:$waitDuration}) { success } }'

const SEVERITIES: { readonly [Level in AlertLevel]: string } = { info: 'INFO', warn: 'WARN', error: 'ERROR' }
/** Titles that are kept in the state at most: a run that alerts without end must not make its cursor grow. */
const MAX_TITLES = 256

/** Until when alerts of a title are left out, in milliseconds since the epoch. Plain JSON. */
export type AlertState = readonly (readonly [title: string, until: number])[]

/** False where an alert of this title has gone out so shortly before. By the times of the calls, so that it is the
 * same each time. */
export const isDue = (state: AlertState, { title }: Alert, time: number): boolean =>
  !state.some(([known, until]) => known === title && time < until)

export function withAlert(state: AlertState, { title, waitMs }: Alert, time: number): AlertState {
  const others = state.filter(([known, until]) => known !== title && time < until)
  return [...others, [title, time + waitMs] as const].slice(-MAX_TITLES)
}

/**
 * Asks W&B to tell people. It has nothing by which it knows an alert again: one whose answer, or the cursor behind it,
 * is lost in a crash comes once more, unless its wait is not over.
 */
export async function sendAlert(
  graphql: GraphQl,
  { entity, project, runId }: KnownRun,
  { title, text, level, waitMs }: Alert,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const place = { entityName: entity, projectName: project, runName: runId }
  // Milliseconds: wandb 0.30.0 sends 5000 for a wait of 5 seconds.
  const waitDuration = Math.round(Math.min(waitMs, Number.MAX_SAFE_INTEGER))
  const variables = { ...place, title, text, severity: SEVERITIES[level], waitDuration }
  await graphql.call('NotifyScriptableRunAlert', NOTIFY, variables, key, signal)
}
