import type { JsonObject, JsonValue } from './json.js'

/**
 * Any value of a configuration as plain JSON. Where JSON has no form: NaN and infinities are their names as
 * strings; a bigint is a number if that is a safe integer, else its digits as a string; a Date is ISO 8601; a
 * Map is an object; a Set is an array in the order of its items' JSON; typed arrays are arrays; undefined,
 * functions and symbols are left out of objects and null in arrays; -0 is 0. Throws RangeError on a value that
 * contains itself.
 */
export function toJson(value: unknown): JsonValue {
  return convert(value) ?? null
}

/** Without white space, keys sorted by UTF-16 code units, numbers as JavaScript writes them (RFC 8785). */
export function jsonText(json: JsonValue): string {
  if (typeof json !== 'object' || json === null) return JSON.stringify(json)
  if (Array.isArray(json)) return `[${json.map(jsonText).join()}]`
  const members = Object.entries(json as JsonObject).sort(([a], [b]) => compare(a, b))
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item)}`).join()}}`
}

function convert(value: unknown): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value + 0 : String(value)
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
    case 'object':
      return value === null ? null : convertObject(value)
    default:
      return undefined
  }
}

function convertObject(value: object): JsonValue | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if ('toJSON' in value && typeof value.toJSON === 'function') return convert(value.toJSON())
  if (Array.isArray(value)) return Array.from(value, toJson)
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, toJson)
  if (value instanceof Set) {
    const items = [...value].map(toJson).map((item) => ({ item, text: jsonText(item) }))
    return items.sort((a, b) => compare(a.text, b.text)).map(({ item }) => item)
  }
  const entries =
    value instanceof Map ? [...value].map(([key, item]) => [String(key), item]) : Object.entries(value)
  const converted = (entries as [string, unknown][])
    .map(([key, item]) => [key, convert(item)] as const)
    .filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)
  return Object.fromEntries(converted)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
