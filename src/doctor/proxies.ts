import { redactUrls } from '../daemon/context/redact.js'
import { type Check, type DoctorContext, ok } from './check.js'
import { proxyVariables } from './destination.js'

/** Proxies that the environment names, without their passwords. None: no line. */
export function checkProxies({ env }: DoctorContext): Check[] {
  const names = proxyVariables(env)
  if (names.length === 0) return []
  const exceptions = ['NO_PROXY', 'no_proxy'].filter((name) => env[name])
  return [
    ok('proxies', [...names, ...exceptions].map((name) => `${name}=${redactUrls(env[name]!)}`).join(', ')),
  ]
}
