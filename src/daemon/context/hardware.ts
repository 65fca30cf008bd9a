import os from 'node:os'
import type { HardwareInfo } from '../../store/run-context.js'
import { readCgroup } from './cgroup.js'
import { type GpuOptions, listGpus } from './gpu.js'

/** The machine that the run is on. Never rejects; takes as long as `nvidia-smi`, at most `timeoutMs`. */
export async function readHardware(options: GpuOptions = {}): Promise<HardwareInfo> {
  const cpus = os.cpus()
  return {
    os: os.type(),
    platform: os.platform(),
    release: os.release(),
    arch: os.arch(),
    hostname: os.hostname(),
    // An empty list where /proc is not mounted.
    cpu: cpus[0]?.model.trim() || null,
    cores: cpus.length || os.availableParallelism(),
    memoryBytes: os.totalmem(),
    ...readCgroup(options.root),
    gpus: await listGpus(options),
  }
}
