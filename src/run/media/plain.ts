/**
 * A value without what cannot be copied to another thread, or is no value: functions and symbols. Objects and
 * Maps are gone through; an object that refers to itself is left out at the second time.
 */
export function plainOf(value: unknown, parents: readonly unknown[] = []): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (parents.includes(value)) return undefined
  const inside = [...parents, value]
  if (Array.isArray(value)) return value.map((item) => plainOf(item, inside) ?? null)
  if (value instanceof Map)
    return new Map([...value].map(([key, item]) => [String(key), plainOf(item, inside)]))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainOf(item, inside)]))
}
