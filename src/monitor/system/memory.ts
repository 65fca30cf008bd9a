import os from 'node:os'
import { readCgroup } from '../../daemon/context/cgroup.js'
import { fieldIn, readProc } from './proc.js'
import { MIB, percent, type Sample } from './sample.js'

/** Memory of the machine and of this process; a container's limit is the limit that counts. */
export class MemoryMeter {
  readonly #totalBytes = Math.min(os.totalmem(), readCgroup().memoryLimitBytes ?? Number.POSITIVE_INFINITY)

  sample(into: Sample): void {
    const rss = process.memoryUsage.rss()
    const availableKiB = fieldIn(readProc('/proc/meminfo'), 'MemAvailable')
    const available = availableKiB === null ? os.freemem() : availableKiB * 1024
    into.memory_percent = percent(os.totalmem() - available, os.totalmem())
    into['proc.memory.availableMB'] = available / MIB
    into['proc.memory.rssMB'] = rss / MIB
    into['proc.memory.percent'] = percent(rss, this.#totalBytes)
    const threads = fieldIn(readProc('/proc/self/status'), 'Threads')
    if (threads !== null) into['proc.cpu.threads'] = threads
  }
}
