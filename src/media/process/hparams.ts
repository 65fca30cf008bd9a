import { types } from 'node:util'
import { isSecretName } from '../../store/secret-name.js'
import { MediaError, type MediaInputs, type ProcessedMedia } from '../request.js'
import { describe, keyText } from './checks.js'
import { dateText } from './table.js'

type HParam = string | number | boolean

/**
 * Flattens nested values to `optimizer/lr`. Left out are names that sound like secrets, null, and what is no value
 * (functions, instances of classes); lists become JSON text.
 */
export function processHParams({ values }: MediaInputs['hparams']): ProcessedMedia<'hparams'> {
  const entries = entriesOf(values)
  if (entries === null) {
    throw new MediaError(`the hyper-parameters are ${describe(values)}: give an object of names and values`)
  }
  const found: [string, HParam][] = []
  collect(found, '', entries, [values])
  if (found.length > 0) return { value: { values: Object.fromEntries(found) } }
  throw new MediaError(
    'it has no hyper-parameters (null, functions and names of secrets are left out): give numbers, strings or booleans',
  )
}

/** `parents`: the objects around these entries, the innermost last. */
function collect(
  found: [string, HParam][],
  prefix: string,
  entries: readonly (readonly [string, unknown])[],
  parents: readonly unknown[],
): void {
  for (const [key, value] of entries) {
    const name = `${prefix}${key}`
    // Secrets never reach a file. A number or a flag is none.
    if (isSecret(key, value)) continue
    const nested = entriesOf(value)
    if (nested === null) {
      const param = paramOf(value, name)
      if (param !== undefined) found.push([name, param])
      continue
    }
    if (parents.includes(value)) throw refersToItself(name)
    collect(found, `${name}/`, nested, [...parents, value])
  }
}

/** Null where it is no object of names and values. */
function entriesOf(value: unknown): [string, unknown][] | null {
  if (value instanceof Map) return Array.from(value, ([key, entry]) => [keyText(key), entry])
  if (typeof value !== 'object' || value === null) return null
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype ? Object.entries(value) : null
}

/** Undefined where it is no value. */
function paramOf(value: unknown, name: string): HParam | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
    case 'object':
      if (value instanceof Date) return dateText(value)
      if (Array.isArray(value) || value instanceof Set || types.isTypedArray(value))
        return listText(value, name)
  }
  return undefined
}

function listText(list: Iterable<unknown>, name: string): string {
  try {
    return JSON.stringify(Array.from(list), (key, value: unknown) => {
      if (isSecret(key, value)) return undefined
      if (typeof value === 'bigint') return String(value)
      return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
    })
  } catch {
    // The one thing left that JSON has no text for.
    throw refersToItself(name)
  }
}

const isSecret = (name: string, value: unknown): boolean =>
  isSecretName(name) && typeof value !== 'number' && typeof value !== 'boolean'

const refersToItself = (name: string): MediaError =>
  new MediaError(`the hyper-parameter ${describe(name)} refers to itself: give plain nested values`)
