import type { NameRefusal } from './keys.js'

/** Tells the user once per `kind`. */
export type Warn = (kind: string, message: string) => void

/** Calls `tell` for the first message of each kind. */
export function warnOnce(tell: Warn): Warn {
  const told = new Set<string>()
  return (kind, message) => {
    if (told.has(kind)) return
    told.add(kind)
    tell(kind, message)
  }
}

/** What a value is, in a few words; never its content, which may be long or secret. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  return Array.isArray(value)
    ? `an array of ${value.length}`
    : `an object (${value.constructor?.name ?? 'no prototype'})`
}

const shorten = (name: string): string =>
  name.length > 60 ? `${name.slice(0, 60)}... (${name.length} characters)` : name

export function refusedName(refusal: NameRefusal, name: string, limit: number): string {
  switch (refusal) {
    case 'empty-name':
      return 'A metric has an empty name: its values are refused. Give it a name.'
    case 'name-too-long':
      return `The metric name "${shorten(name)}" has more than ${limit} bytes: its values are refused. Shorten it, or raise limits.maxNameBytes.`
    case 'too-many-metrics':
      return `The run has ${limit} metric names: values of further ones, such as "${shorten(name)}", are refused. Is a name built from a counter? If all are wanted, raise limits.maxMetrics.`
  }
}

export const refusedValue = (name: string, value: unknown): string =>
  `The value of "${shorten(name)}" is ${describeValue(value)}: only numbers, bigints, booleans and tensors of size 1 are logged. It is refused, and so are others like it.`
