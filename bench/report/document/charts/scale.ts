/** Where a value stands on a logarithmic axis that goes upward, in pixels from the upper edge. */
export function logPixel(value: number, [low, high]: readonly [number, number], height: number): number {
  const part = Math.log(Math.max(value, low) / low) / Math.log(high / low)
  return height * (1 - part)
}

/**
 * A domain with some room above and below. Values that have no logarithm do not count. `leastRatio`: of its ends; on a
 * shorter axis what hardly changes would look as if it did.
 */
export function logDomain(values: readonly number[], room: number, leastRatio = 1): [number, number] {
  const shown = values.filter((value) => value > 0 && Number.isFinite(value))
  if (shown.length === 0) return [0.1, 1]
  const [least, most] = [Math.min(...shown), Math.max(...shown)]
  const more = Math.max(room, Math.sqrt((leastRatio * least) / most))
  return [least / more, most * more]
}
