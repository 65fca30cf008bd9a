import { type Credentials, findCredentials } from '../sinks/mlflow/settings/credentials.js'
import { tlsOptions } from '../sinks/mlflow/settings/tls.js'
import { type Check, type DoctorContext, failed, warning } from './check.js'
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
const VARIABLE = 'MLFLOW_TRACKING_URI'
const SET_THEM = 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN'
const NO_SERVER = 'the sink "mlflow" needs a server: start `mlflow server`, and give its address'
/** What is found where nobody has said what to look for gets no secrets. */
const NOBODY: Credentials = { authorization: undefined, secrets: [] }
/** The health, the version, and something that only those may see who may deliver. */
const PATHS = ['/health', '/version', '/api/2.0/mlflow/experiments/search?max_results=1'] as const

/** The tracking server that MLFLOW_TRACKING_URI names, asked with the credentials that a run would have. */
export async function checkMlflow(context: DoctorContext): Promise<DestinationChecks> {
  const { env, allDestinations, timeoutMs } = context
  const configured = Boolean(env[VARIABLE])
  if (!configured && !allDestinations) return NOT_WANTED
  const given = env[VARIABLE] || DEFAULT_URL
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(given)?.[1]
  if (scheme === undefined) return only(warning(NAME, `none: ${VARIABLE} is a directory`, NO_SERVER))
  if (!/^https?$/i.test(scheme)) {
    return only(warning(NAME, `none: ${VARIABLE} is of the kind ${scheme}:`, NO_SERVER))
  }
  const url = webAddress(given)
  if (url === null) return wrongAddress(NAME, VARIABLE, DEFAULT_URL)
  if (url.username !== '' || url.password !== '') {
    return only(failed(NAME, `${VARIABLE} holds a user name`, `take it out, and ${SET_THEM}`))
  }
  const credentials = configured ? findCredentials({}, env) : NOBODY
  const { authorization } = credentials
  const more = { ...tlsOptions(env), ...(authorization === undefined ? {} : { headers: { authorization } }) }
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  const answers = await Promise.all(
    PATHS.map((path) => reachHttp(new URL(`${base}${path}`), timeoutMs, more)),
  )
  const [health, version, api] = answers as [Reached, Reached, Reached]
  const reached = [health]
  const trouble = refused(api, credentials) ?? notMlflow(answers, health)
  if (trouble !== null) return { checks: [trouble], reached }
  const number = /^\d[\w.]{0,20}$/.exec(version.text.trim())?.[0]
  const told = number === undefined ? '' : `version ${number}`
  return { checks: [serverCheck({ name: NAME, reached: health, configured, more: told }, context)], reached }
}

/** What only the credentials, or the way to the server, are to blame for. */
function refused({ status, host, text }: Reached, { authorization }: Credentials): Check | null {
  if (status === 403 && /Invalid Host header/i.test(text)) {
    const fix = 'start it with --allowed-hosts and that name, or have the proxy send another Host'
    return failed(NAME, `${host} does not know the name that it was called by`, fix)
  }
  if (status !== 401 && status !== 403) return null
  if (authorization === undefined) return warning(NAME, `${host} asks for credentials`, SET_THEM)
  const what = status === 401 ? 'does not accept the credentials' : 'refuses access with these credentials'
  return failed(NAME, `${host} ${what}`, SET_THEM)
}

function notMlflow(answers: readonly Reached[], { failed: problem, host }: Reached): Check | null {
  if (problem !== null) return null
  if (answers.every(({ status }) => status === 404)) {
    return warning(NAME, `${host} answers, but not as MLflow does`, `check ${VARIABLE}`)
  }
  const redirect = answers.find(({ status }) => status !== null && status >= 300 && status < 400)
  if (redirect === undefined) return null
  return warning(
    NAME,
    `${host} sends us elsewhere (HTTP ${redirect.status})`,
    `check ${VARIABLE}: https, say`,
  )
}
