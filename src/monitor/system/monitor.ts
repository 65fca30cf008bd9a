import { CpuMeter } from './cpu.js'
import { DiskMeter } from './disk.js'
import { GpuMeter } from './gpu.js'
import { MemoryMeter } from './memory.js'
import { NetworkMeter } from './network.js'
import type { Sample } from './sample.js'

export interface SystemMonitorSetup {
  readonly everyMs: number
  readonly runDir: string
  /** Gets each sample; `time` in milliseconds since the epoch. */
  readonly take: (values: Sample, time: number) => void
  /** A part of the machine that cannot be looked at: the others go on. */
  readonly warn: (kind: string, message: string) => void
}

/** Looks at the machine now and then, from a timer of the thread that it lives on. */
export class SystemMonitor {
  readonly #setup: SystemMonitorSetup
  readonly #gpu = new GpuMeter()
  readonly #meters: { readonly [name: string]: { sample(into: Sample): void } }
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(setup: SystemMonitorSetup) {
    this.#setup = setup
    this.#meters = {
      cpu: new CpuMeter(),
      memory: new MemoryMeter(),
      disk: new DiskMeter(setup.runDir),
      network: new NetworkMeter(),
    }
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#look(), this.#setup.everyMs)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const time = Date.now()
    const values: Sample = {}
    for (const [name, meter] of Object.entries(this.#meters)) {
      try {
        meter.sample(values)
      } catch (error) {
        this.#setup.warn(`monitor/${name}`, `The ${name} cannot be monitored: ${(error as Error).message}`)
      }
    }
    await this.#gpu.sample(values)
    if (this.#stopped) return
    this.#setup.take(values, time)
    this.start()
  }
}
