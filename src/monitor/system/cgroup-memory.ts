import { join } from 'node:path'
import { controlGroups, readCgroup } from '../../daemon/context/cgroup.js'
import { fieldIn, readProc } from './proc.js'

/** The control group whose memory limit is the one that holds for this process. */
export interface MemoryGroup {
  readonly limitBytes: number
  /** In use of it, in bytes, without the file cache that is given back first; null where that cannot be read. */
  readonly usedBytes: () => number | null
}

/** Null where no limit holds. `root` is where /proc and /sys lie. */
export function memoryGroup(root = '/'): MemoryGroup | null {
  const limitBytes = readCgroup(root).memoryLimitBytes
  if (limitBytes === null) return null
  const files = controlGroups(root).flatMap(({ controllers, directory }) => {
    if (controllers === '') return [filesOf(directory(''), 'memory.max', 'memory.current', 'inactive_file')]
    if (!controllers.split(',').includes('memory')) return []
    const names = ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'total_inactive_file'] as const
    return [filesOf(directory('memory'), ...names)]
  })
  const group = files.find(({ limit }) => Number(readProc(limit)) === limitBytes)
  return { limitBytes, usedBytes: () => (group === undefined ? null : usedBytes(group)) }
}

interface Files {
  readonly limit: string
  readonly usage: string
  readonly stat: string
  /** The line of `stat` that has the cache. */
  readonly cache: string
}

const filesOf = (dir: string, limit: string, usage: string, cache: string): Files => ({
  limit: join(dir, limit),
  usage: join(dir, usage),
  stat: join(dir, 'memory.stat'),
  cache,
})

function usedBytes({ usage, stat, cache }: Files): number | null {
  const used = readProc(usage)
  if (used === null) return null
  return Math.max(0, Number(used) - (fieldIn(readProc(stat), cache) ?? 0))
}
