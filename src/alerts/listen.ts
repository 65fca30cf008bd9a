import { BroadcastChannel } from 'node:worker_threads'
import type { ResolvedOptions } from '../options/options.js'
import { emitWarning } from '../run/connect.js'
import { errorText } from '../run/read-back.js'
import { type AlertMessage, KnownAlerts } from './channel.js'
import { ALERTS } from './sink-names.js'
import type { OnAlert } from './types.js'

/**
 * Calls `onAlert` for each alert of a run, once, in turns of this thread's event loop. What it throws is warned of
 * once, and goes no further. Does not keep the process alive; ends with the run.
 */
export function listenForAlerts({ sinks }: Pick<ResolvedOptions, 'sinks'>, onAlert: OnAlert): void {
  const name = sinks.find((sink) => sink.name === ALERTS)?.options.channel
  if (typeof name !== 'string') return
  const channel = new BroadcastChannel(name)
  const known = new KnownAlerts()
  let warned = false
  const tell = (error: unknown): void => {
    if (!warned) emitWarning('on-alert', `onAlert threw, and the run goes on: ${errorText(error)}`)
    warned = true
  }
  channel.onmessage = (event) => {
    const message = (event as { data: AlertMessage }).data
    if (message.type === 'end') {
      channel.close()
      return
    }
    if (message.told || known.has(message.alert.id)) return
    known.add(message.alert.id)
    try {
      // A callback may be async, whatever its type says.
      const result: unknown = onAlert(message.alert)
      if (result instanceof Promise) result.catch(tell)
    } catch (error) {
      tell(error)
    }
  }
  channel.unref()
}
