import { type Check, type DoctorContext, failed, ok, warning } from './check.js'
import type { Reached, Stage } from './reach.js'

/** What was found of one destination; `reached` for the clock. */
export interface DestinationChecks {
  readonly checks: readonly Check[]
  readonly reached: readonly Reached[]
}

/** A destination that nobody has configured or asked for. */
export const NOT_WANTED: DestinationChecks = { checks: [], reached: [] }

export const only = (...checks: Check[]): DestinationChecks => ({ checks, reached: [] })

const FIXES: { readonly [stage in Stage]: string } = {
  DNS: 'check the name, and the DNS server of this machine',
  TCP: 'check that the server runs, its port, and the firewall; journals keep everything until then',
  TLS: 'check the certificate; for an authority of your own set NODE_EXTRA_CA_CERTS',
  HTTP: 'check the address, and the log of the server',
}

export interface ServerCheck {
  readonly name: string
  readonly reached: Reached
  /** A destination that nobody has configured may be missing. */
  readonly configured: boolean
  readonly more?: string
}

export function serverCheck({ name, reached, configured, more }: ServerCheck, { env }: DoctorContext): Check {
  const { host, failed: problem, status, elapsedMs } = reached
  if (problem !== null) {
    const proxied = problem.stage !== 'HTTP' && proxyVariables(env).length > 0
    const fix = `${FIXES[problem.stage]}${proxied ? '; this was tried without the proxy' : ''}`
    const found = `${host} cannot be reached: ${problem.stage} fails (${problem.reason})`
    return (configured ? failed : warning)(name, found, fix)
  }
  const answered = `${host} answers in ${elapsedMs.toFixed(0)} ms${more ? `, ${more}` : ''}`
  if (status !== null && status >= 500) {
    return warning(name, `${answered}, with HTTP ${status}`, 'look at the server: it has trouble of its own')
  }
  return ok(name, answered)
}

export function wrongAddress(name: string, variable: string, example: string): DestinationChecks {
  return only(failed(name, `${variable} is no address of a server`, `set it to one such as ${example}`))
}

/** Null where it is no address of a web server. */
export function webAddress(text: string): URL | null {
  try {
    const url = new URL(text)
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : null
  } catch {
    return null
  }
}

/** The variables that name a proxy, in both spellings. */
export function proxyVariables(env: NodeJS.ProcessEnv): string[] {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY']
  return names.flatMap((name) => [name, name.toLowerCase()]).filter((name) => env[name])
}
