import { type Check, type DoctorContext, failed, ok, warning } from './check.js'
import { type DestinationChecks, NOT_WANTED, serverCheck, webAddress, wrongAddress } from './destination.js'
import { netrcFileFor } from './netrc.js'
import { reachHttp } from './reach.js'

const DEFAULT_URL = 'https://api.wandb.ai'

/** W&B: a key, and whether the server answers. The key is neither sent nor shown. */
export async function checkWandb(context: DoctorContext): Promise<DestinationChecks> {
  const { env, allDestinations, timeoutMs } = context
  const url = webAddress(env.WANDB_BASE_URL || DEFAULT_URL)
  if (url === null) return wrongAddress('W&B server', 'WANDB_BASE_URL', DEFAULT_URL)
  const netrc = netrcFileFor(url.hostname, env)
  const configured = Boolean(env.WANDB_API_KEY || env.WANDB_BASE_URL) || netrc !== null
  if (!configured && !allDestinations) return NOT_WANTED
  const reached = await reachHttp(new URL('/healthz', url), timeoutMs)
  const server = serverCheck({ name: 'W&B server', reached, configured }, context)
  return {
    checks: [server, keyCheck(env.WANDB_API_KEY, netrc, url.hostname, configured)],
    reached: [reached],
  }
}

function keyCheck(key: string | undefined, netrc: string | null, host: string, configured: boolean): Check {
  const name = 'W&B key'
  if (!key) {
    if (netrc !== null) return ok(name, `${netrc} has one for ${host}`)
    return (configured ? failed : warning)(name, `none for ${host}`, 'set WANDB_API_KEY, or run wandb login')
  }
  // Old keys have 40 characters and newer ones more; what a shell leaves around them is the usual mistake.
  if (/^[\w-]{40,}$/.test(key)) return ok(name, 'WANDB_API_KEY is set')
  const found = `WANDB_API_KEY is set, but does not look like a key (its length is ${key.length})`
  return warning(name, found, 'copy it again: 40 or more letters and digits, without quotes or spaces')
}
