import fs from 'node:fs'
import path from 'node:path'
import { patchFs } from '../patch-fs.js'
import { FIRST_FD, SimCalls } from './calls.js'
import type { SimDisk } from './disk.js'

type Call = (...args: unknown[]) => unknown

export interface Installed {
  readonly calls: SimCalls
  /** Puts node:fs back. */
  uninstall(): void
}

/**
 * Puts a simulated disk under node:fs, for every path below `root` (which need not exist) in this thread. Paths
 * elsewhere stay with the real file system.
 */
export function installSimFs(disk: SimDisk, root: string): Installed {
  const calls = new SimCalls(disk)
  const simulated = calls as unknown as Record<string, Call>
  const real = fs as unknown as Record<string, Call>
  const overrides: Record<string, Call> = {}
  const isInside = (target: unknown): boolean =>
    typeof target === 'number'
      ? target >= FIRST_FD
      : typeof target === 'string' && (target === root || target.startsWith(root + path.sep))
  for (const name of Object.keys(simulated).filter((key) => key.endsWith('Sync'))) {
    const [ours, theirs] = [simulated[name]!, real[name]!]
    overrides[name] = (...args) => (isInside(args[0]) ? ours(...args) : theirs(...args))
  }
  return { calls, uninstall: patchFs(overrides) }
}
