import { AmdMeter } from './amd.js'
import { AppleMeter } from './apple.js'
import { NvidiaMeter, type NvidiaSetup } from './nvidia.js'
import type { Sample } from './sample.js'

export interface GpuSetup extends NvidiaSetup {
  /** Where /sys lies. */
  readonly root?: string
}

/** The GPUs of all makers, numbered in one row: NVIDIA's, with the numbers that `nvidia-smi` gives them, come first. */
export class GpuMeter {
  readonly #nvidia: NvidiaMeter
  readonly #amd: AmdMeter
  readonly #apple = new AppleMeter()
  /** Kept, so that others have the same numbers when nvidia-smi is silent for once. */
  #first = 0

  constructor({ root = '/', ...setup }: GpuSetup = {}) {
    this.#nvidia = new NvidiaMeter(setup)
    this.#amd = new AmdMeter(root)
  }

  async sample(into: Sample): Promise<void> {
    await this.#nvidia.sample(into)
    this.#first = Math.max(this.#first, gpusIn(into))
    this.#amd.sample(into, this.#first)
    await this.#apple.sample(into, this.#first)
  }
}

/** One more than the highest number. */
function gpusIn(values: Sample): number {
  let count = 0
  for (const name of Object.keys(values)) {
    const [, index] = /^gpu\.(\d+)\./.exec(name) ?? []
    if (index !== undefined) count = Math.max(count, Number(index) + 1)
  }
  return count
}
