import { CpuMeter } from './cpu.js'
import { DiskMeter } from './disk.js'
import { GpuMeter } from './gpu.js'
import { MemoryMeter } from './memory.js'
import { NetworkMeter } from './network.js'
import { ProcessesMeter } from './processes.js'
import type { Sample } from './sample.js'
import type { SystemMemory } from './shared-memory.js'
import { TensorMeter } from './tensors.js'
import { TrainingThreadMeter } from './training-thread.js'

export interface SystemMonitorSetup {
  readonly everyMs: number
  readonly runDir: string
  /** Shared with the thread that owns the run. */
  readonly memory: SystemMemory
  /** Gets each sample; `time` in milliseconds since the epoch. */
  readonly take: (values: Sample, time: number) => void
  /** A part of the machine that cannot be looked at: the others go on. */
  readonly warn: (kind: string, message: string) => void
}

interface Meter {
  sample(into: Sample): void | Promise<void>
}

/** Runs are often over sooner: they are spared what it costs to begin. */
const MAX_PREPARE_MS = 1000

/** Looks at the machine now and then, from a timer of the thread that it lives on. */
export class SystemMonitor {
  readonly #setup: SystemMonitorSetup
  #meters: readonly (readonly [string, Meter])[] = []
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(setup: SystemMonitorSetup) {
    this.#setup = setup
  }

  /** The first sample comes after `everyMs`. */
  start(): void {
    const { everyMs } = this.#setup
    const prepareMs = Math.min(everyMs / 2, MAX_PREPARE_MS)
    this.#timer = setTimeout(() => {
      this.#prepare()
      this.#lookIn(everyMs - prepareMs)
    }, prepareMs)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #prepare(): void {
    const { memory, runDir, warn } = this.#setup
    const meters: readonly (readonly [string, () => Meter])[] = [
      ['CPU', () => new CpuMeter()],
      ['memory', () => new MemoryMeter()],
      ['disk', () => new DiskMeter(runDir)],
      ['network', () => new NetworkMeter()],
      ['process tree', () => new ProcessesMeter()],
      ['tensors', () => new TensorMeter(memory, (message) => warn('monitor/leak', message))],
      // It begins a new period: behind all that belongs to this one.
      ['training thread', () => new TrainingThreadMeter(memory)],
      ['GPU', () => new GpuMeter({ warn: (message) => warn('monitor/gpu-silent', message) })],
    ]
    this.#meters = meters.flatMap(([name, make]) => {
      try {
        return [[name, make()] as const]
      } catch (error) {
        this.#failed(name, error)
        return []
      }
    })
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, ms))
  }

  async #look(): Promise<void> {
    const start = performance.now()
    const time = Date.now()
    const values: Sample = {}
    for (const [name, meter] of this.#meters) {
      try {
        await meter.sample(values)
      } catch (error) {
        this.#failed(name, error)
      }
    }
    if (this.#stopped) return
    this.#setup.take(finite(values), time)
    // Not later with each sample by what it took.
    this.#lookIn(this.#setup.everyMs - (performance.now() - start))
  }

  #failed(name: string, error: unknown): void {
    this.#setup.warn(`monitor/${name}`, `The ${name} cannot be monitored: ${(error as Error).message}`)
  }
}

/** What is no finite number is no value. */
function finite(values: Sample): Sample {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)))
}
