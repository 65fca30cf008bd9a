/** `latest` and `best`: for people and for other tools. Readers of ours look at the checkpoints themselves. */
import { readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { temporaryPath, writeFileAtomic } from '../store/atomic-file.js'
import type { CheckpointEntry } from './manifest.js'
import { stepOf } from './names.js'
import { type BestRule, rankByBest } from './ranking.js'
import { listEntries, type OnProblem } from './registry.js'

export const LINKS = ['latest', 'best'] as const
export type LinkName = (typeof LINKS)[number]

/** Enough for many writers at once; who comes after us sets them anyway. */
const MAX_ROUNDS = 20
/** Where links cannot be made: Windows without the right to, and file systems that have none. */
const NO_LINKS = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL']

/** The checkpoint's name that a link, or the file in its place, has; null: there is none that could be right. */
export function readLink(directory: string, link: LinkName): string | null {
  const path = join(directory, link)
  let target: string | null = null
  for (const read of [readlinkSync, (file: string) => readFileSync(file, 'utf8').trim()]) {
    try {
      target ??= read(path)
    } catch {
      // Not of this kind, or not there.
    }
  }
  return target !== null && stepOf(target) !== null ? target : null
}

/**
 * Lets both links show the checkpoints that they should. Writers at the same time need no lock: each looks again after
 * it has set a link, so the last one to set it has seen all checkpoints that were there. Blocks. Throws the file
 * system's errors.
 */
export function updateLinks(directory: string, rule: BestRule | null, onProblem: OnProblem): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const entries = listEntries(directory, onProblem)
    const wanted = { latest: entries.at(-1), best: rankByBest(entries, rule)[0] }
    const changes = LINKS.map((link) => setLink(directory, link, wanted[link]))
    if (!changes.includes(true)) return
  }
}

/** True where it was another one. */
function setLink(directory: string, link: LinkName, entry: CheckpointEntry | undefined): boolean {
  const path = join(directory, link)
  const target = entry === undefined ? null : basename(entry.path)
  // While a step is being replaced the link keeps the name that it will have again.
  if (target === readLink(directory, link) || (target !== null && stepOf(target) === null)) return false
  if (target === null) rmSync(path, { force: true })
  else replaceLink(path, target)
  return true
}

function replaceLink(path: string, target: string): void {
  const temporary = temporaryPath(path)
  try {
    symlinkSync(target, temporary, 'dir')
    renameSync(temporary, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    rmSync(temporary, { force: true })
    if (NO_LINKS.includes(code ?? '')) writeFileAtomic(path, `${target}\n`)
    // Somebody has tidied up our temporary link: the next round sets it.
    else if (code !== 'ENOENT') throw error
  }
}
