/**
 * The JSON that W&B's history and summary are written in: bare NaN, Infinity and -Infinity, as Python's json has
 * them, and integers with all of their digits.
 */
export type ExtendedJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ExtendedJson[]
  | { readonly [key: string]: ExtendedJson }

export function extendedJson(value: ExtendedJson): string {
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return `[${value.map(extendedJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    return objectText(Object.entries(value).map(([name, part]) => [name, extendedJson(part)]))
  }
  return JSON.stringify(value)
}

/** The shortest text that reads back as the same double, as `RecordBatch.texts()` has it. */
export function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : `${value}`
}

/** An object of fields whose values are JSON already. */
export function objectText(fields: Iterable<readonly [name: string, json: string]>): string {
  let text = ''
  for (const [name, json] of fields) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${json}`
  return `{${text}}`
}
