import { SystemMonitor } from '../monitor/system/monitor.js'
import { countersOf } from '../ring/account.js'
import { F64 } from '../ring/layout.js'
import type { MediaDesk } from './media-desk.js'
import type { NamedRing } from './messages.js'
import type { Reporter } from './reporter.js'

/** What the machine does becomes records of the run, with the step that the owner's thread is at. 0 ms: never. */
export function watchSystem(
  everyMs: number,
  runDir: string,
  rings: readonly NamedRing[],
  media: MediaDesk,
  reporter: Reporter,
): SystemMonitor | null {
  if (everyMs === 0) return null
  const counters = countersOf(rings[0]!.ring)
  const monitor = new SystemMonitor({
    everyMs,
    runDir,
    take: (values, time) => {
      const step = Math.max(0, counters[F64.LAST_STEP]!)
      media.add({ kind: 'system', name: 'system', producer: 0, value: { values } }, step, time)
    },
    warn: (kind, message) => reporter.warn(kind, message),
  })
  monitor.start()
  return monitor
}
