/** All that `init()` needs of alerts, loaded for a run that has options about them. */
export { listenForAlerts } from '../listen.js'
export { alertOptionsOf, alertProblems, alertSinks } from './alert-sinks.js'
export { parseRule, RULE } from './rules.js'
export { parseTarget, TARGET } from './targets.js'
