import { runCommand } from '../../daemon/context/run-command.js'
import { MIB, type Sample } from './sample.js'

const TIMEOUT_MS = 3000
const FIELDS = [
  'index',
  'utilization.gpu',
  'utilization.memory',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw',
  'power.limit',
] as const
const QUERY = [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits']

/** NVIDIA GPUs, as `nvidia-smi` tells them. A machine without it is asked once. */
export class GpuMeter {
  #absent = false

  async sample(into: Sample): Promise<void> {
    if (this.#absent) return
    const { ok, stdout } = await runCommand('nvidia-smi', QUERY, { env: process.env, timeoutMs: TIMEOUT_MS })
    if (!ok) this.#absent = true
    else addGpus(stdout, into)
  }
}

/** Rows of `nvidia-smi`; what a GPU does not tell (`[N/A]`) is left out. */
export function addGpus(table: string, into: Sample): void {
  for (const row of table.split('\n')) {
    const [index, gpu, memory, usedMiB, totalMiB, temperature, watts, limit] = row.split(',').map(numberIn)
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
  }
}

function numberIn(field: string): number | undefined {
  const text = field.trim()
  const value = text === '' ? Number.NaN : Number(text)
  return Number.isNaN(value) ? undefined : value
}
