import { type Check, type DoctorContext, failed } from './check.js'
import { type DestinationChecks, NOT_WANTED, only, serverCheck, wrongAddress } from './destination.js'
import { reachLine } from './reach.js'

const NAME = 'NATS server'
const DEFAULT_URL = 'nats://127.0.0.1:4222'
const DEFAULT_PORT = 4222

/** The servers of NATS_URL. Each greets a connection with a line `INFO {...}`, with TLS too. */
export async function checkNats(context: DoctorContext): Promise<DestinationChecks> {
  const { env, allDestinations } = context
  const configured = Boolean(env.NATS_URL)
  if (!configured && !allDestinations) return NOT_WANTED
  const servers = (env.NATS_URL || DEFAULT_URL).split(',').map((text) => parseServer(text.trim()))
  const known = servers.filter((server) => server !== null)
  if (known.length < servers.length) return wrongAddress(NAME, 'NATS_URL', DEFAULT_URL)
  return only(...(await Promise.all(known.map((server) => checkServer(server, configured, context)))))
}

interface Server {
  readonly host: string
  readonly port: number
}

async function checkServer(server: Server, configured: boolean, context: DoctorContext): Promise<Check> {
  const reached = await reachLine(server, context.timeoutMs)
  const info = /^INFO (\{.*\})/.exec(reached.text)?.[1]
  if (reached.failed === null && info === undefined) {
    return failed(NAME, `${reached.host} answers, but not as NATS does`, 'check NATS_URL')
  }
  return serverCheck({ name: NAME, reached, configured, more: versionOf(info ?? '{}') }, context)
}

function parseServer(text: string): Server | null {
  try {
    const url = new URL(text.includes('://') ? text : `nats://${text}`)
    if (url.hostname === '' || !/^(nats|tls):$/.test(url.protocol)) return null
    return { host: url.hostname, port: Number(url.port || DEFAULT_PORT) }
  } catch {
    return null
  }
}

function versionOf(info: string): string {
  try {
    const { version } = JSON.parse(info) as { version?: unknown }
    return typeof version === 'string' && /^[\w.-]{1,30}$/.test(version) ? `version ${version}` : ''
  } catch {
    // It greeted as NATS does; that its version cannot be read is no reason to fail.
    return ''
  }
}
