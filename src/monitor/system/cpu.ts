import os from 'node:os'
import { percent, type Sample } from './sample.js'

interface Times {
  readonly busy: number
  readonly total: number
}

/** Percent of the time since the last sample: of this process (of all cores), and of each core. */
export class CpuMeter {
  #cores: readonly Times[] = coreTimes()
  #process = process.cpuUsage()
  #at = performance.now()

  sample(into: Sample): void {
    const now = performance.now()
    const used = process.cpuUsage(this.#process)
    const cores = coreTimes()
    const elapsedUs = (now - this.#at) * 1000
    // Some containers show no cores.
    if (elapsedUs > 0) {
      into.cpu = percent(used.user + used.system, elapsedUs * Math.max(1, os.availableParallelism()))
    }
    for (const [index, { busy, total }] of cores.entries()) {
      const before = this.#cores[index]
      if (before !== undefined && total > before.total) {
        into[`cpu.${index}.cpu_percent`] = percent(busy - before.busy, total - before.total)
      }
    }
    this.#cores = cores
    this.#process = process.cpuUsage()
    this.#at = now
  }
}

function coreTimes(): Times[] {
  return os.cpus().map(({ times: { user, nice, sys, idle, irq } }) => {
    const busy = user + nice + sys + irq
    return { busy, total: busy + idle }
  })
}
