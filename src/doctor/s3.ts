import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Check, type DoctorContext, ok, warning } from './check.js'
import { type DestinationChecks, NOT_WANTED, serverCheck, webAddress, wrongAddress } from './destination.js'
import { reachHttp } from './reach.js'

const DEFAULT_REGION = 'us-east-1'
/** Each says where credentials come from; the values of the first are never shown. */
const SOURCES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
]

/** S3: whether the server answers, and whether something names credentials. They are neither sent nor shown. */
export async function checkS3(context: DoctorContext): Promise<DestinationChecks> {
  const { env, allDestinations, timeoutMs } = context
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL
  const source = SOURCES.find((name) => env[name])
  if (endpoint === undefined && source === undefined && !allDestinations) return NOT_WANTED
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || DEFAULT_REGION
  const url = webAddress(endpoint || `https://s3.${region}.amazonaws.com`)
  if (url === null) return wrongAddress('S3 server', 'AWS_ENDPOINT_URL', 'https://s3.example.org')
  const reached = await reachHttp(url, timeoutMs)
  // Credentials alone may be for something else than S3.
  const server = serverCheck({ name: 'S3 server', reached, configured: Boolean(endpoint) }, context)
  return { checks: [server, credentialsCheck(source, env)], reached: [reached] }
}

function credentialsCheck(source: string | undefined, env: NodeJS.ProcessEnv): Check {
  const name = 'S3 credentials'
  if (source === 'AWS_ACCESS_KEY_ID' && !env.AWS_SECRET_ACCESS_KEY) {
    return warning(name, `${source} is set alone`, 'set AWS_SECRET_ACCESS_KEY, too')
  }
  if (source !== undefined) return ok(name, `${source} is set`)
  const file = env.AWS_SHARED_CREDENTIALS_FILE || join(homedir(), '.aws', 'credentials')
  if (existsSync(file)) return ok(name, `${file} is there`)
  return warning(name, 'none are named', 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE')
}
