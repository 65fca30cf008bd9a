import { SystemMonitor } from '../monitor/system/monitor.js'
import { SystemMemory } from '../monitor/system/shared-memory.js'
import { countersOf } from '../ring/account.js'
import { F64 } from '../ring/layout.js'
import type { MediaDesk } from './media-desk.js'
import type { NamedRing } from './messages.js'
import type { Reporter } from './reporter.js'

/**
 * What the machine does becomes records of the run, with the step that the owner's thread is at, and is there for
 * `run.system()`. `shared`: see SystemMemory; null where the run has no system monitor.
 */
export function watchSystem(
  shared: SharedArrayBuffer | null,
  everyMs: number,
  runDir: string,
  rings: readonly NamedRing[],
  media: MediaDesk,
  reporter: Reporter,
): SystemMonitor | null {
  if (shared === null) return null
  const counters = countersOf(rings[0]!.ring)
  const memory = new SystemMemory(shared)
  const warn = (kind: string, message: string) => reporter.warn(kind, message)
  const monitor = new SystemMonitor({
    everyMs,
    runDir,
    memory,
    take: (values, time) => {
      const step = Math.max(0, counters[F64.LAST_STEP]!)
      if (!memory.publish({ time, step, values })) {
        warn('monitor/too-long', 'A sample of the machine is too long for run.system(); its record is not.')
      }
      media.add({ kind: 'system', name: 'system', producer: 0, value: { values } }, step, time)
    },
    warn,
  })
  monitor.start()
  return monitor
}
