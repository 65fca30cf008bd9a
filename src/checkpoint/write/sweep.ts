import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeTemporaryFiles, syncDirectory } from '../../store/atomic-file.js'
import { sentenceOf } from '../errors.js'
import { isAbandoned, type Leftover, parseLeftover, stepName } from '../names.js'
import { namesIn, type OnProblem } from '../registry.js'
import { removeDirectory } from './publish.js'

/** Temporary directories of saves that this thread is at. */
export const inProgress = new Set<string>()

/**
 * Tidies up behind dead writers: half checkpoints go; one that was moved aside and not yet replaced gets its name back.
 * What living processes are at is left alone. Blocks. Never throws: what it cannot do it tells, and the next save tries again.
 */
export function sweep(directory: string, onProblem: OnProblem): void {
  for (const name of namesIn(directory)) {
    const leftover = parseLeftover(name)
    if (leftover !== null) quietly(() => tidy(directory, leftover))
  }
  quietly(() => removeTemporaryFiles(directory))

  function quietly(action: () => void): void {
    try {
      action()
    } catch (error) {
      // ENOENT: another process tidies up at the same time.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onProblem(sentenceOf(error))
    }
  }
}

function tidy(directory: string, leftover: Leftover): void {
  const { name, step, kind } = leftover
  const path = join(directory, name)
  const target = join(directory, stepName(step))
  if (kind === 'gone') rmSync(path, { recursive: true, force: true })
  else if (!isAbandoned(directory, leftover, inProgress)) return
  else if (kind === 'tmp' || existsSync(target)) removeDirectory(directory, path, step)
  else {
    renameSync(path, target)
    syncDirectory(directory)
  }
}
