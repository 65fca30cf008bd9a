import { existsSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { makeDirectory } from '../media/store.js'
import { syncDirectory } from '../store/atomic-file.js'
import { withSentence } from './errors.js'
import { updateLinks } from './links.js'
import { SUPERSEDED, stepName } from './names.js'
import type { BestRule } from './ranking.js'
import { listPlaces, type OnProblem } from './registry.js'
import { sweep } from './write/sweep.js'

/**
 * Moves the checkpoints behind `step` to `superseded/`, where they stay as they are, and returns their steps. For a run
 * that goes back to `step`: what it saves from there on must not be mixed with what it left. After a crash the same call
 * does the rest. Blocks. Throws CheckpointError.
 */
export function setAside(
  directory: string,
  step: number,
  { rule, onProblem }: { rule: BestRule | null; onProblem: OnProblem },
): number[] {
  try {
    sweep(directory, onProblem)
    const later = listPlaces(directory).filter((place) => place.step > step)
    if (later.length === 0) return []
    makeDirectory(dirname(directory), join(basename(directory), SUPERSEDED))
    const superseded = join(directory, SUPERSEDED)
    for (const { name, step } of later.reverse())
      renameSync(join(directory, name), join(superseded, free(superseded, step)))
    syncDirectory(superseded)
    syncDirectory(directory)
    updateLinks(directory, rule, onProblem)
    return later.map((place) => place.step).reverse()
  } catch (error) {
    throw withSentence(error, `The checkpoints behind step ${step} cannot be set aside`)
  }
}

/** A run may go back behind the same step more than once. */
function free(superseded: string, step: number): string {
  const name = stepName(step)
  let free = name
  for (let n = 1; existsSync(join(superseded, free)); n++) free = `${name}.${n}`
  return free
}
