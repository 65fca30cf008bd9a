import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** Calls `body` with a new directory (below OFFSTEP_BENCH_DIR, else the system's temporary one), and removes it. */
export async function withDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  const directory = fs.mkdtempSync(path.join(process.env.OFFSTEP_BENCH_DIR ?? os.tmpdir(), 'offstep-bench-'))
  try {
    return await body(directory)
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * The same with a file system of its own that holds `mebibytes`. Null where none can be mounted: that takes
 * root on Linux.
 */
export async function withSmallDisk<T>(
  mebibytes: number,
  body: (directory: string) => Promise<T>,
): Promise<T | null> {
  return withDirectory(async (directory) => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory], {
        stdio: 'ignore',
      })
    } catch {
      return null
    }
    try {
      return await body(directory)
    } finally {
      execFileSync('umount', ['--lazy', directory])
    }
  })
}
