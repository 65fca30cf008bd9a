import { runCommand } from '../../daemon/context/run-command.js'
import { Pace } from './pace.js'
import { MIB, type Sample } from './sample.js'

const TIMEOUT_MS = 3000
/** Where the driver takes long to answer, as it does with many GPUs or when it is not kept loaded, it is asked less often. */
const SHARE = 0.05
const FIELDS = [
  'index',
  'utilization.gpu',
  'utilization.memory',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw',
  'power.limit',
  'clocks.sm',
  'clocks.mem',
  'clocks.gr',
] as const
const QUERY = [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits']

export interface NvidiaSetup {
  /** With the PATH on which `nvidia-smi` is looked for. */
  readonly env?: NodeJS.ProcessEnv
  readonly warn?: (message: string) => void
  readonly pace?: Pace
}

/**
 * NVIDIA GPUs, as `nvidia-smi` tells them: a program of its own, so that a driver that hangs hangs no thread of ours. A
 * machine where it gives nothing at first is not asked again.
 */
export class NvidiaMeter {
  readonly #env: NodeJS.ProcessEnv
  readonly #warn: (message: string) => void
  readonly #pace: Pace
  #state: 'unknown' | 'found' | 'absent' = 'unknown'

  constructor({ env = process.env, warn = () => {}, pace = new Pace(SHARE) }: NvidiaSetup = {}) {
    this.#env = env
    this.#warn = warn
    this.#pace = pace
  }

  async sample(into: Sample): Promise<void> {
    if (this.#state === 'absent' || !this.#pace.due) return
    const start = performance.now()
    const { ok, stdout } = await runCommand('nvidia-smi', QUERY, { env: this.#env, timeoutMs: TIMEOUT_MS })
    this.#pace.ended(start)
    if (ok) {
      this.#state = 'found'
      addGpus(stdout, into)
    } else if (this.#state === 'unknown') this.#state = 'absent'
    else this.#warn('nvidia-smi does not answer any more: values of the GPUs are missing until it does.')
  }
}

/** Rows of `nvidia-smi`; what a GPU does not tell (`[N/A]`) is left out. */
export function addGpus(table: string, into: Sample): void {
  for (const row of table.split('\n')) {
    const [index, gpu, memory, usedMiB, totalMiB, temperature, watts, limit, sm, memoryClock, graphics] = row
      .split(',')
      .map(numberIn)
    if (index === undefined) continue
    const add = (name: string, value: number | undefined) => {
      if (value !== undefined && Number.isFinite(value)) into[`gpu.${index}.${name}`] = value
    }
    add('gpu', gpu)
    add('memory', memory)
    if (usedMiB !== undefined && totalMiB) add('memoryAllocated', (usedMiB / totalMiB) * 100)
    if (usedMiB !== undefined) add('memoryAllocatedBytes', usedMiB * MIB)
    add('temp', temperature)
    add('powerWatts', watts)
    add('enforcedPowerLimitWatts', limit)
    if (watts !== undefined && limit) add('powerPercent', (watts / limit) * 100)
    // In MHz.
    add('smClock', sm)
    add('memoryClock', memoryClock)
    add('graphicsClock', graphics)
  }
}

function numberIn(field: string): number | undefined {
  const text = field.trim()
  const value = text === '' ? Number.NaN : Number(text)
  return Number.isNaN(value) ? undefined : value
}
