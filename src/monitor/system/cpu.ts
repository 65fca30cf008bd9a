import os from 'node:os'
import { readCgroup } from '../../daemon/context/cgroup.js'
import { percent, type Sample } from './sample.js'

interface Times {
  readonly busy: number
  readonly total: number
}

/** How many cores this process may keep busy: fewer than there are, where a container's limit or an affinity says so. */
export function usableCores(root = '/'): number {
  // Some containers show no cores.
  return Math.min(
    Math.max(1, os.availableParallelism()),
    readCgroup(root).cpuLimitCores ?? Number.POSITIVE_INFINITY,
  )
}

/** Percent of the time since the last sample: of this process (of all cores that it may use), of the machine, of each core. */
export class CpuMeter {
  readonly #usableCores: number
  #cores: readonly Times[] = coreTimes()
  #process = process.cpuUsage()
  #at = performance.now()

  constructor(cores = usableCores()) {
    this.#usableCores = cores
  }

  sample(into: Sample): void {
    const now = performance.now()
    const used = process.cpuUsage(this.#process)
    const elapsedUs = (now - this.#at) * 1000
    if (elapsedUs > 0) into.cpu = percent(used.user + used.system, elapsedUs * this.#usableCores)
    this.#sampleCores(into)
    // Windows has none, and says 0.
    const [one, five, fifteen] = os.loadavg()
    if (process.platform !== 'win32') {
      into['load_average.1m'] = one!
      into['load_average.5m'] = five!
      into['load_average.15m'] = fifteen!
    }
    this.#process = process.cpuUsage()
    this.#at = now
  }

  #sampleCores(into: Sample): void {
    const cores = coreTimes()
    let busyOfAll = 0
    let totalOfAll = 0
    for (const [index, { busy, total }] of cores.entries()) {
      const before = this.#cores[index]
      if (before === undefined || total <= before.total) continue
      into[`cpu.${index}.cpu_percent`] = percent(busy - before.busy, total - before.total)
      busyOfAll += busy - before.busy
      totalOfAll += total - before.total
    }
    if (totalOfAll > 0) into['cpu.total_percent'] = percent(busyOfAll, totalOfAll)
    this.#cores = cores
  }
}

function coreTimes(): Times[] {
  return os.cpus().map(({ times: { user, nice, sys, idle, irq } }) => {
    const busy = user + nice + sys + irq
    return { busy, total: busy + idle }
  })
}
