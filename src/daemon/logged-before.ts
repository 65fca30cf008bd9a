import { countersOf } from '../ring/account.js'
import type { Control } from '../ring/control.js'
import { F64 } from '../ring/layout.js'
import { sleep } from './clock.js'
import type { NamedRing } from './messages.js'

const POLL_MS = 2

/**
 * Resolves when what had been logged before the call, media included, is on the disk: true. False where that takes
 * longer than `patienceMs`. Rows that wait for a tensor of a device are not waited for.
 */
export async function loggedBefore(
  rings: readonly NamedRing[],
  control: Control,
  patienceMs: number,
): Promise<boolean> {
  const until = performance.now() + patienceMs
  const counters = rings.map(({ ring }) => countersOf(ring))
  // First: only then are they rows of the media ring.
  if (!(await reached(counters, F64.MEDIA_DONE, F64.MEDIA_POSTED, until))) return false
  control.requestSync()
  return reached(counters, F64.SYNCED, F64.PUBLISHED, until)
}

/** Whether one counter of each has come to where another stands now. */
async function reached(
  counters: readonly Float64Array[],
  index: number,
  goal: number,
  until: number,
): Promise<boolean> {
  const goals = counters.map((of) => of[goal]!)
  while (counters.some((of, i) => of[index]! < goals[i]!)) {
    if (performance.now() >= until) return false
    await sleep(POLL_MS)
  }
  return true
}
