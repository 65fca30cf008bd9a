import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import { pause } from './pause.js'

const CONNECT_TIMEOUT_MS = 30_000
const PROXY_VARIABLES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy']

/** What a server asks of a TLS connection beside the usual; PEM. */
export interface TlsOptions {
  readonly rejectUnauthorized?: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** At most so many connections to each host, through the proxies that the environment names. Throws a `pause` SinkError. */
export function dispatcher(env: NodeJS.ProcessEnv, connections: number, tls: TlsOptions = {}): Dispatcher {
  const options = { connections, pipelining: 1, connect: { timeout: CONNECT_TIMEOUT_MS, ...tls } }
  if (!PROXY_VARIABLES.some((name) => env[name])) return new Agent(options)
  const httpProxy = env.http_proxy ?? env.HTTP_PROXY ?? ''
  const httpsProxy = env.https_proxy ?? env.HTTPS_PROXY ?? ''
  const noProxy = env.no_proxy ?? env.NO_PROXY ?? ''
  try {
    return new EnvHttpProxyAgent({ ...options, requestTls: tls, httpProxy, httpsProxy, noProxy })
  } catch {
    // What is wrong with it may hold its password.
    throw pause(
      'PROXY',
      'a proxy is no web address: give HTTPS_PROXY and HTTP_PROXY one such as http://proxy:3128',
    )
  }
}
