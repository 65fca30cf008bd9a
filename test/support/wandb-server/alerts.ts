import { type Answer, data, failure, type GraphqlContext, type Variables } from './graphql.js'

/** An alert as it came in. */
export interface StoredAlert {
  readonly title: string
  readonly text: string
  readonly severity: 'INFO' | 'WARN' | 'ERROR'
  /** Milliseconds, as 0.30.0 sends them. */
  readonly waitDuration: number | undefined
}

const SEVERITIES = ['INFO', 'WARN', 'ERROR']

/** Keeps the alert with its run. W&B has no way to tell that the same alert has come twice. */
export function notifyScriptableRunAlert(variables: Variables, { backend }: GraphqlContext): Answer {
  const { entityName, projectName, runName, title, text, severity, waitDuration } = variables
  const run = backend.find(entityName, projectName, runName)
  if (run === undefined) return failure(404, `no run ${String(runName)}`)
  if (typeof title !== 'string' || typeof text !== 'string')
    return failure(400, 'an alert needs title and text')
  if (!SEVERITIES.includes((severity ?? 'INFO') as string))
    return failure(400, `severity ${String(severity)}`)
  if ((waitDuration ?? null) !== null && !Number.isSafeInteger(waitDuration)) {
    return failure(400, `waitDuration ${String(waitDuration)}`)
  }
  run.alerts.push({
    title,
    text,
    severity: (severity ?? 'INFO') as StoredAlert['severity'],
    waitDuration: (waitDuration ?? undefined) as number | undefined,
  })
  return data({ notifyScriptableRunAlert: { success: true } })
}
