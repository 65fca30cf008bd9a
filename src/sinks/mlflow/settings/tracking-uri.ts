import { pause } from '../../http/pause.js'

const EXAMPLE = 'give one such as http://127.0.0.1:5000 (MLFLOW_TRACKING_URI)'

/**
 * The address of a tracking server, without a slash at its end. It may hold a password: it is not repeated. Throws a
 * `pause` SinkError for what is no such address.
 */
export function checkedTrackingUri(given: string | undefined): string {
  if (given === undefined) throw wrong(`there is no address of an MLflow tracking server: ${EXAMPLE}`)
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(given)?.[1]?.toLowerCase()
  if (given === 'databricks' || scheme?.startsWith('databricks')) {
    throw wrong(`the tracking URI is Databricks', which offstep has no client for: ${EXAMPLE}`)
  }
  if (scheme !== 'http' && scheme !== 'https') {
    const what = scheme === undefined ? 'a directory' : `of the kind "${scheme}:"`
    const fix = 'start `mlflow server --backend-store-uri` with it, and give the address of that'
    throw wrong(
      `the tracking URI is ${what}, which only MLflow itself can write: ${fix} (MLFLOW_TRACKING_URI)`,
    )
  }
  if (!URL.canParse(given)) throw wrong(`the tracking URI is no web address: ${EXAMPLE}`)
  const { origin, pathname, username, password } = new URL(given)
  if (username !== '' || password !== '') {
    const fix = 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead'
    throw wrong(`the tracking URI holds a user name: ${fix}`)
  }
  return `${origin}${pathname}`.replace(/\/+$/, '')
}

const wrong = (message: string) => pause('MLFLOW_TRACKING_URI', message)
