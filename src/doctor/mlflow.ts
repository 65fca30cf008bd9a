import { type DoctorContext, ok, warning } from './check.js'
import {
  type DestinationChecks,
  NOT_WANTED,
  only,
  serverCheck,
  webAddress,
  wrongAddress,
} from './destination.js'
import { type Reached, reachHttp } from './reach.js'

const NAME = 'MLflow server'
const DEFAULT_URL = 'http://127.0.0.1:5000'

/** The tracking server that MLFLOW_TRACKING_URI names; a path or another scheme is no server. */
export async function checkMlflow(context: DoctorContext): Promise<DestinationChecks> {
  const { env, allDestinations, timeoutMs } = context
  const configured = Boolean(env.MLFLOW_TRACKING_URI)
  if (!configured && !allDestinations) return NOT_WANTED
  const given = env.MLFLOW_TRACKING_URI || DEFAULT_URL
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(given)?.[1]
  if (scheme === undefined) return only(ok(NAME, 'none: MLFLOW_TRACKING_URI is a directory'))
  if (!/^https?$/i.test(scheme)) return only(ok(NAME, `none: MLFLOW_TRACKING_URI is of the kind ${scheme}:`))
  const url = webAddress(given)
  if (url === null) return wrongAddress(NAME, 'MLFLOW_TRACKING_URI', DEFAULT_URL)
  const at = (path: string) => new URL(`${url.pathname.replace(/\/$/, '')}${path}`, url)
  const answers = await Promise.all(['/health', '/version'].map((path) => reachHttp(at(path), timeoutMs)))
  const [health, version] = answers as [Reached, Reached]
  const reached = [health]
  if (health.failed === null && answers.every(({ status }) => status === 404)) {
    const found = `${health.host} answers, but not as MLflow does`
    return { checks: [warning(NAME, found, 'check MLFLOW_TRACKING_URI')], reached }
  }
  if (health.status === 401 || health.status === 403) {
    const fix = 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN'
    const has = env.MLFLOW_TRACKING_USERNAME || env.MLFLOW_TRACKING_TOKEN
    const found = `${health.host} asks for credentials`
    const check = has ? ok(NAME, `${found}, which are set (not tried)`) : warning(NAME, found, fix)
    return { checks: [check], reached }
  }
  const number = /^\d[\w.]{0,20}$/.exec(version.text.trim())?.[0]
  const more = number === undefined ? '' : `version ${number}`
  return { checks: [serverCheck({ name: NAME, reached: health, configured, more }, context)], reached }
}
