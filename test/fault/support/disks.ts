import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { RunOptions } from '../../../dist/src/index.js'
import { CAN_MOUNT, smallDisk, temporaryDirectory } from '../../support/directory.js'

const DAEMON = new URL('../../fixtures/disk/daemon.mjs', import.meta.url)

/** See test/fixtures/disk/pressed.mjs. */
export interface Trouble {
  readonly code?: string
  readonly only?: string
  readonly except?: string
  readonly freeBytes?: number
}

/** A disk that can be made full, and empty again. */
export interface TestDisk {
  /** Where the runs go. */
  readonly path: string
  /** What a run, or a program, needs to live on it. */
  readonly options: Pick<RunOptions, 'dir' | 'workerUrl'>
  readonly env: Record<string, string>
  /** Leaves `freeBytes` (default: nothing). */
  fill(freeBytes?: number): void
  free(): void
}

/** What only the threads of a run, and the programs that are told, see: works on every machine. */
export function simulatedDisk(): TestDisk & { become(trouble: Trouble): void } {
  const path = join(temporaryDirectory(), 'runs')
  const file = join(temporaryDirectory(), 'disk.json')
  const env = { OFFSTEP_DISK: file, RUNS: path }
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]))
  Object.assign(process.env, env)
  onTestFinished(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  const become = (trouble: Trouble) => writeFileSync(file, JSON.stringify(trouble))
  become({})
  return {
    path,
    options: { dir: path, workerUrl: DAEMON },
    env,
    become,
    // The floor of an ENOSPC is a write; that of a floor is what statfs says.
    fill: (freeBytes = 0) => become(freeBytes === 0 ? { code: 'ENOSPC', freeBytes } : { freeBytes }),
    free: () => become({}),
  }
}

/** A file system of its own, really full. */
function realDisk(): TestDisk {
  const { path } = smallDisk('24m')
  const filler = join(path, 'filler')
  const free = () => rmSync(filler, { force: true })
  return {
    path,
    options: { dir: path },
    env: { RUNS: path },
    free,
    fill(freeBytes = 0) {
      free()
      const { bavail, bsize } = statfsSync(path)
      try {
        writeFileSync(filler, Buffer.alloc(bavail * bsize - freeBytes + (freeBytes === 0 ? bsize : 0)))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    },
  }
}

/** On every machine the simulated disk; where mounting is allowed, a real one too. */
export const DISKS: readonly (readonly [name: string, create: () => TestDisk])[] = [
  ['simulated', simulatedDisk],
  ...(CAN_MOUNT ? [['real', realDisk] as const] : []),
]
