import { addressProblem } from '../../../alerts/options/targets.js'
import type { ResolvedTarget, TargetSecrets } from '../../../alerts/types.js'
import { pause } from '../../http/pause.js'
import { EmailSender } from './email.js'
import type { AlertSender } from './sender.js'
import { WebhookSender } from './webhook.js'

/** Throws a `pause` SinkError where nobody knows the target's address any more: in a recovery, say. */
export function createSender(
  target: ResolvedTarget,
  secrets: TargetSecrets,
  env: NodeJS.ProcessEnv,
): AlertSender {
  const { name, type, env: variable } = target
  const address = secrets.url ?? env[variable]
  if (!address || addressProblem(type, address) !== null) {
    const what = address ? 'holds no address that can be used' : 'is not set'
    throw pause('ALERT_ADDRESS', `alerts for "${name}" wait: the environment variable ${variable} ${what}`)
  }
  const url = new URL(address)
  return type === 'email'
    ? new EmailSender(target, url)
    : new WebhookSender(target, url, secrets.headers ?? {}, env)
}
