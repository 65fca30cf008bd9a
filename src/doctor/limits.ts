import { readFileSync } from 'node:fs'
import os from 'node:os'
import { readCgroup } from '../daemon/context/cgroup.js'
import { bytesText } from './bytes.js'
import { type Check, ok, warning } from './check.js'

/** A run has some twenty files open. */
const FEW_FILES = 256
/** All threads of a run need about 100 MiB. */
const LITTLE_MEMORY = 512 * 1024 ** 2

/** What the system allows this process. `root` is where `/proc` and `/sys` lie. */
export function checkLimits(root = '/'): Check[] {
  return [checkMemory(root), ...checkOpenFiles(root)]
}

function checkMemory(root: string): Check {
  const { memoryLimitBytes } = readCgroup(root)
  const free = os.freemem()
  const limit = memoryLimitBytes === null ? '' : `; this container may use ${bytesText(memoryLimitBytes)}`
  const found = `${bytesText(free)} of ${bytesText(os.totalmem())} free${limit}`
  const fix = 'end other programs, or use a smaller ring (ring.capacityBytes)'
  return Math.min(free, memoryLimitBytes ?? free) < LITTLE_MEMORY
    ? warning('memory', found, fix)
    : ok('memory', found)
}

function checkOpenFiles(root: string): Check[] {
  let limits: string
  try {
    limits = readFileSync(`${root}/proc/self/limits`, 'utf8')
  } catch {
    // Only Linux tells.
    return []
  }
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1]
  if (soft === undefined) return []
  const found = `${soft} may be open at once`
  if (soft === 'unlimited' || Number(soft) >= FEW_FILES) return [ok('open files', found)]
  return [
    warning(
      'open files',
      found,
      'raise it with ulimit -n 1024: a run needs some twenty, sockets come on top',
    ),
  ]
}
