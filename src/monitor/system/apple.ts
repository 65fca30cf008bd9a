import { runCommand } from '../../daemon/context/run-command.js'
import type { Sample } from './sample.js'

const TIMEOUT_MS = 3000
const QUERY = ['-r', '-d', '1', '-w', '0', '-c', 'IOAccelerator']

/**
 * The GPU of a Mac: what its driver tells everybody through `ioreg`. Power, clocks and temperature come from
 * `powermetrics` only, which needs root: they are left out.
 */
export class AppleMeter {
  readonly #env: NodeJS.ProcessEnv
  #absent: boolean

  /** `isMac`: elsewhere nothing is asked. */
  constructor(isMac = process.platform === 'darwin', env: NodeJS.ProcessEnv = process.env) {
    this.#absent = !isMac
    this.#env = env
  }

  /** `first`: the number of the first of them, behind those of others. */
  async sample(into: Sample, first: number): Promise<void> {
    if (this.#absent) return
    const { ok, stdout } = await runCommand('ioreg', QUERY, { env: this.#env, timeoutMs: TIMEOUT_MS })
    if (ok) addAppleGpus(stdout, into, first)
    else this.#absent = true
  }
}

/** `"PerformanceStatistics" = {"Device Utilization %"=12,"In use system memory"=345,...}`, one line for each GPU. */
export function addAppleGpus(text: string, into: Sample, first: number): void {
  let index = first
  for (const [, statistics] of text.matchAll(/"PerformanceStatistics" = \{([^}]*)\}/g)) {
    const add = (name: string, key: string) => {
      const [, value] = new RegExp(`"${key}"=(\\d+)`).exec(statistics!) ?? []
      if (value !== undefined) into[`gpu.${index}.${name}`] = Number(value)
    }
    add('gpu', 'Device Utilization %')
    add('memoryAllocatedBytes', 'In use system memory')
    index++
  }
}
