import type { ResolvedSink } from '../options/options.js'

/** Names the sink for what needs no network; the sinks of targets have their name behind this prefix. */
export const ALERTS = 'alerts'
export const TARGET_PREFIX = 'alert-'

/** True for a sink that sends alerts over the network. */
export const isAlertTarget = (name: string): boolean => name.startsWith(TARGET_PREFIX)

/** A name that no sink of the user's may have. */
export const isAlertSinkName = (name: string): boolean => name === ALERTS || isAlertTarget(name)

/** True where an option is about alerts: the daemon then has records of its own to make. */
export const hasAlerts = ({ sinks }: { readonly sinks: readonly ResolvedSink[] }): boolean =>
  sinks.some(({ name, module }) => name === ALERTS && module === null)
