import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CgroupLimits {
  /** Null: no limit. */
  readonly memoryLimitBytes: number | null
  readonly cpuLimitCores: number | null
}

// Version 1 writes "no limit" as a number near 2^63.
const UNLIMITED_BYTES = 2 ** 60

/**
 * What the control group of this process allows (docs.kernel.org/admin-guide/cgroup-v2.html, and version 1).
 * The tightest limit of the group and its ancestors holds. `root` is where `/proc` and `/sys` lie. Linux only;
 * elsewhere nothing is found. Never throws.
 */
export function readCgroup(root = '/'): CgroupLimits {
  const memory: number[] = []
  const cpu: number[] = []
  for (const { controllers, directory } of controlGroups(root)) {
    if (controllers === '') {
      memory.push(number(read(join(directory(''), 'memory.max'))))
      cpu.push(quota(...split(read(join(directory(''), 'cpu.max')))))
    }
    if (controllers.split(',').includes('memory')) {
      memory.push(number(read(join(directory('memory'), 'memory.limit_in_bytes'))))
    }
    if (controllers.split(',').includes('cpu')) {
      const period = read(join(directory(controllers), 'cpu.cfs_period_us'))
      cpu.push(quota(read(join(directory(controllers), 'cpu.cfs_quota_us')), period))
    }
  }
  return { memoryLimitBytes: smallest(memory, UNLIMITED_BYTES), cpuLimitCores: smallest(cpu, Infinity) }
}

export interface ControlGroup {
  /** As in /proc/self/cgroup: '' for version 2. */
  readonly controllers: string
  /** Where a controller of that line lies. */
  readonly directory: (controller: string) => string
}

/** The groups of this process and their ancestors, the innermost first. */
export function controlGroups(root = '/'): ControlGroup[] {
  const lines = (read(join(root, 'proc/self/cgroup')) ?? '').split('\n')
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined) return []
    return withAncestors(path).map((group) => ({
      controllers,
      directory: (controller: string) => join(root, 'sys/fs/cgroup', controller, group),
    }))
  })
}

/** `/a/b` as `/a/b`, `/a`, `/`: within a container the path may be the host's, and only `/` exists. */
function withAncestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '..')
  return parts.map((_, i) => `/${parts.slice(0, parts.length - i).join('/')}`).concat('/')
}

function split(text: string | null): [string | null, string | null] {
  const [first = null, second = null] = text?.trim().split(/\s+/) ?? []
  return [first, second]
}

function quota(quotaUs: string | null, periodUs: string | null): number {
  return number(quotaUs) / number(periodUs)
}

function number(text: string | null): number {
  return text === null ? Number.NaN : Number.parseInt(text, 10)
}

function smallest(values: readonly number[], limit: number): number | null {
  const real = values.filter((value) => value > 0 && value < limit)
  return real.length === 0 ? null : Math.min(...real)
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
