import os from 'node:os'
import { type MemoryGroup, memoryGroup } from './cgroup-memory.js'
import { fieldIn, readProc } from './proc.js'
import { MIB, percent, type Sample } from './sample.js'

/** Memory of the machine and of this process; a container's limit is the limit that counts. */
export class MemoryMeter {
  readonly #group: MemoryGroup | null

  constructor(group = memoryGroup()) {
    this.#group = group !== null && group.limitBytes < os.totalmem() ? group : null
  }

  sample(into: Sample): void {
    const { totalBytes, availableBytes } = this.#space()
    into.memory_percent = percent(totalBytes - availableBytes, totalBytes)
    into['memory.usedMB'] = (totalBytes - availableBytes) / MIB
    into['proc.memory.availableMB'] = availableBytes / MIB
    const rss = process.memoryUsage.rss()
    into['proc.memory.rssMB'] = rss / MIB
    into['proc.memory.percent'] = percent(rss, totalBytes)
    const threads = fieldIn(readProc('/proc/self/status'), 'Threads')
    if (threads !== null) into['proc.cpu.threads'] = threads
  }

  /** Of the container, where one has a limit; else of the machine. */
  #space(): { readonly totalBytes: number; readonly availableBytes: number } {
    const total = os.totalmem()
    const availableKiB = fieldIn(readProc('/proc/meminfo'), 'MemAvailable')
    const free = availableKiB === null ? os.freemem() : availableKiB * 1024
    if (this.#group === null) return { totalBytes: total, availableBytes: free }
    const { limitBytes, usedBytes } = this.#group
    const left = limitBytes - (usedBytes() ?? total - free)
    return { totalBytes: limitBytes, availableBytes: Math.max(0, Math.min(free, left)) }
  }
}
