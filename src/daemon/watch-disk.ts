import { diskSpace } from '../store/disk-space.js'
import { DiskPressure } from './disk-pressure.js'
import type { NamedRing } from './messages.js'
import type { Reporter } from './reporter.js'
import { countRecords } from './run-record.js'

/** `rings` grow while the run lives. */
export function watchDisk(
  minFreeBytes: number,
  dir: string,
  rings: readonly NamedRing[],
  reporter: Reporter,
): DiskPressure {
  return new DiskPressure({
    minFreeBytes,
    space: () => diskSpace(dir),
    dropped: () => countRecords(rings).dropped,
    tell: (message, first) => reporter.tell(message, first),
    note: (message) => reporter.note(message),
  })
}
