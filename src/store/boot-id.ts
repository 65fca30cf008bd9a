import { execFileSync } from 'node:child_process'
import fs from 'node:fs'

let cached: string | null | undefined

/**
 * Names the present boot of this machine: different after a restart or a power cut, equal in all containers of
 * one machine. Null where the system does not tell. Blocks at the first call.
 */
export function bootId(): string | null {
  if (cached === undefined) cached = readBootId()
  return cached
}

function readBootId(): string | null {
  try {
    if (process.platform === 'linux') {
      return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    }
    if (process.platform === 'darwin') {
      return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], {
        encoding: 'utf8',
        timeout: 1000,
      }).trim()
    }
  } catch {
    // Not told: whoever asks takes the careful way.
  }
  return null
}
