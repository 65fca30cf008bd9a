/**
 * Calls `call` in groups, and adds each group's nanoseconds per call to `into`. The median of many groups is the cost of a
 * call: one group in which the thread was interrupted is one value, however long it was away.
 */
export function timeGroups(
  call: (index: number) => void,
  from: number,
  groups: number,
  perGroup: number,
  into: number[],
): void {
  for (let index = from, group = 0; group < groups; group++) {
    const start = performance.now()
    for (const end = index + perGroup; index < end; index++) call(index)
    into.push(((performance.now() - start) * 1e6) / perGroup)
  }
}
