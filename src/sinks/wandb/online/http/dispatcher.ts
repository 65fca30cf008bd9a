import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'

const CONNECT_TIMEOUT_MS = 30_000
const PROXY_VARIABLES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']

/** At most so many connections to each host, through the proxies that the environment names. */
export function dispatcher(env: NodeJS.ProcessEnv, connections: number): Dispatcher {
  const options = { connections, pipelining: 1, connect: { timeout: CONNECT_TIMEOUT_MS } }
  return PROXY_VARIABLES.some((name) => env[name]) ? new EnvHttpProxyAgent(options) : new Agent(options)
}
