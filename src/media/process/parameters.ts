import type { JsonObject } from '../../record/json.js'
import { toJson } from '../../record/to-json.js'
import { isSecretName } from '../../store/secret-name.js'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe, isRecord, keyText } from './checks.js'

const NO_VALUES = 'give an object of names and values'

/** Values of any kind that JSON has a form for; names that sound like secrets are left out. */
export function processConfig({ values }: MediaInputs['config']): ProcessedMedia<'config'> {
  const entries = entriesOf(values, 'the config').filter(
    ([name, value]) => !isSecretName(name) || typeof value === 'number' || typeof value === 'boolean',
  )
  if (entries.length === 0) throw new MediaError(`it has no values: ${NO_VALUES}`)
  return { value: { values: jsonOf(entries) } }
}

/** Names whose value is undefined are taken out. */
export function processSummary({ values }: MediaInputs['summary']): ProcessedMedia<'summary'> {
  const entries = entriesOf(values, 'the summary')
  if (entries.length === 0) throw new MediaError(`it has no values: ${NO_VALUES}`)
  const removed = entries.filter(([, value]) => value === undefined).map(([name]) => name)
  return { value: { values: jsonOf(entries.filter(([, value]) => value !== undefined)), removed } }
}

function entriesOf(values: unknown, what: string): [string, unknown][] {
  if (values instanceof Map) return Array.from(values, ([name, value]) => [keyText(name), value])
  if (!isRecord(values)) throw new MediaError(`${what} is ${describe(values)}: ${NO_VALUES}`)
  return Object.entries(values)
}

function jsonOf(entries: readonly (readonly [string, unknown])[]): JsonObject {
  try {
    return toJson(Object.fromEntries(entries)) as JsonObject
  } catch (error) {
    if (error instanceof RangeError) throw new MediaError('it contains itself: give plain values')
    throw error
  }
}
