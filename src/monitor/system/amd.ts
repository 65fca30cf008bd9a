import { join } from 'node:path'
import { namesIn, readProc } from './proc.js'
import type { Sample } from './sample.js'

/**
 * AMD GPUs, from the files of the kernel's driver (docs.kernel.org/gpu/amdgpu/thermal.html and driver-misc.html), where
 * `rocm-smi` has it from too. Linux. What a card has no file for is left out.
 */
export class AmdMeter {
  readonly #devices: readonly AmdDevice[]

  /** `root` is where /sys lies. */
  constructor(root = '/') {
    const dir = join(root, 'sys/class/drm')
    this.#devices = namesIn(dir)
      .filter((name) => /^card\d+$/.test(name))
      .sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)))
      .map((name) => join(dir, name, 'device'))
      .filter((path) => numberIn(path, 'gpu_busy_percent') !== null)
      .map((path) => ({ path, sensors: sensorsOf(path) }))
  }

  /** `first`: the number of the first of them, behind those of others. */
  sample(into: Sample, first: number): void {
    for (const [index, { path, sensors }] of this.#devices.entries()) {
      const add = (name: string, value: number | null) => {
        if (value !== null) into[`gpu.${first + index}.${name}`] = value
      }
      add('gpu', numberIn(path, 'gpu_busy_percent'))
      add('memory', numberIn(path, 'mem_busy_percent'))
      const used = numberIn(path, 'mem_info_vram_used')
      const total = numberIn(path, 'mem_info_vram_total')
      add('memoryAllocatedBytes', used)
      if (used !== null && total) add('memoryAllocated', (used / total) * 100)
      if (sensors === null) continue
      // Thousandths of a degree, millionths of a watt, Hz.
      add('temp', scaled(numberIn(sensors, 'temp1_input'), 1e-3))
      const watts = scaled(numberIn(sensors, 'power1_average') ?? numberIn(sensors, 'power1_input'), 1e-6)
      const limit = scaled(numberIn(sensors, 'power1_cap'), 1e-6)
      add('powerWatts', watts)
      add('enforcedPowerLimitWatts', limit)
      if (watts !== null && limit) add('powerPercent', (watts / limit) * 100)
      add('smClock', scaled(numberIn(sensors, 'freq1_input'), 1e-6))
      add('memoryClock', scaled(numberIn(sensors, 'freq2_input'), 1e-6))
    }
  }
}

interface AmdDevice {
  readonly path: string
  /** Its directory of sensors. */
  readonly sensors: string | null
}

function sensorsOf(device: string): string | null {
  const [name] = namesIn(join(device, 'hwmon')).filter((entry) => entry.startsWith('hwmon'))
  return name === undefined ? null : join(device, 'hwmon', name)
}

function numberIn(dir: string, file: string): number | null {
  const text = readProc(join(dir, file))?.trim() ?? ''
  return /^\d+$/.test(text) ? Number(text) : null
}

const scaled = (value: number | null, factor: number): number | null =>
  value === null ? null : value * factor
