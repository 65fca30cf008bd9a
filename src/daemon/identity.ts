import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Control } from '../ring/control.js'
import { sleep } from './clock.js'
import { readGit } from './context/git.js'
import { createRunDirectory, formatRunId } from './context/run-id.js'
import type { DaemonSetup } from './messages.js'

export interface RunIdentity {
  readonly id: string
  readonly dir: string
}

const RETRY_MS = 1000

/**
 * Finds the run's id and makes its directory. Where that fails the run goes on: records wait in the rings, the
 * user is told once, and it is tried again until `giveUp` says that there is no more time. Null then, and where
 * the process ends and has made the directory itself (rescue.ts).
 */
export async function identify(
  { options, startTime, cwd }: DaemonSetup,
  control: Control,
  tell: (message: string) => void,
  giveUp: () => boolean,
): Promise<RunIdentity | null> {
  // A daemon that replaces a dead one goes on in the same directory.
  const known = control.located ? control.location(0) : null
  const commit = options.git && known === null ? (readGit(cwd)?.commit ?? null) : null
  const id = known?.id ?? options.id ?? formatRunId(options.name, startTime, commit)
  for (let failures = 0; !giveUp(); failures++) {
    try {
      if (known !== null) {
        mkdirSync(known.dir, { recursive: true })
        return known
      }
      if (!control.beginDirectory()) return null
      const made = createRunDirectory(options.dir, options.project, id)
      if (control.keepDirectory()) {
        control.locate(made, true)
        return made
      }
      rmdirSync(made.dir)
      return null
    } catch (error) {
      if (failures === 0 && known === null) {
        control.locate({ id, dir: join(options.dir, options.project, id) }, true)
        tell(
          `${(error as Error).message}. Records are kept in memory as long as they fit; trying again every second.`,
        )
      }
      await sleep(RETRY_MS)
    }
  }
  return null
}
