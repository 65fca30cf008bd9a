/**
 * One set of options over another. Plain objects are merged, however deep; anything else (an array, a number, an
 * instance of a class) takes the place of what was there. What is undefined says nothing. Changes neither.
 */
export function mergeOptions(under: unknown, over: unknown): unknown {
  if (over === undefined) return under
  if (!isPlain(under) || !isPlain(over)) return over
  const merged = new Map(Object.entries(under))
  for (const [key, value] of Object.entries(over)) merged.set(key, mergeOptions(merged.get(key), value))
  // Not by assignment: a key "__proto__" would set the prototype.
  return Object.fromEntries(merged)
}

/** False for instances of classes, whose entries are not all that they are. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
