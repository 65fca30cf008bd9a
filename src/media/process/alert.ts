import { ALERT_LEVELS, type AlertLevel } from '../../record/updates.js'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe, isRecord } from './checks.js'

/** As W&B's clients have it: a minute. */
const DEFAULT_WAIT_MS = 60_000

export function processAlert({ alert }: MediaInputs['alert']): ProcessedMedia<'alert'> {
  if (!isRecord(alert)) throw new MediaError(`it is ${describe(alert)}: give { title, text }`)
  const { title, text = '', level = 'info', waitMs = DEFAULT_WAIT_MS } = alert
  if (typeof title !== 'string' || title.trim() === '') {
    throw new MediaError(`its title is ${describe(title)}: give a string of at least one character`)
  }
  if (typeof text !== 'string') throw new MediaError(`its text is ${describe(text)}: give a string`)
  if (!ALERT_LEVELS.includes(level as AlertLevel)) {
    throw new MediaError(`its level is ${describe(level)}: give ${ALERT_LEVELS.join(', ')}`)
  }
  if (typeof waitMs !== 'number' || !(waitMs >= 0 && waitMs < Number.POSITIVE_INFINITY)) {
    throw new MediaError(`its waitMs is ${describe(waitMs)}: give milliseconds, 0 or more`)
  }
  return { value: { title, text, level: level as AlertLevel, waitMs } }
}
