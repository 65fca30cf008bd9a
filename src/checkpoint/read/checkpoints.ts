import { statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { CheckpointError } from '../errors.js'
import { readLink, updateLinks } from '../links.js'
import { type CheckpointEntry, infoOf, readManifest } from '../manifest.js'
import { CHECKPOINTS, SUPERSEDED } from '../names.js'
import { type BestRule, rankByBest } from '../ranking.js'
import { listEntries, listPlaces, listSetAside, type OnProblem } from '../registry.js'
import { setAside } from '../set-aside.js'
import type { CheckpointInfo } from '../types.js'
import { problemsOf } from '../verify.js'
import { type LoadedCheckpoint, loadCheckpoint } from './load.js'

export interface OpenCheckpointsOptions {
  /** By what the best one is told. Default: as the newest checkpoint says; else those that the program called best. */
  readonly best?: BestRule
  /** Is told once of each checkpoint that cannot be used. They are in `problems` too. */
  readonly onProblem?: OnProblem
}

/** Where a checkpoint is: any of the infos and entries that this module gives. */
export type CheckpointPlace = Pick<CheckpointInfo, 'path'>

/** While a list is used, a living run may replace and delete checkpoints of it: then it is made again, so often. */
const MAX_ROUNDS = 5

/**
 * The checkpoints of a run directory, or of its directory `checkpoints`, also while a run writes them. Looks at the disk
 * at each call. Throws CheckpointError where the directory is not there. All of it blocks its thread while it reads: not for
 * the training thread.
 */
export function openCheckpoints(directory: string, options: OpenCheckpointsOptions = {}): Checkpoints {
  const path = resolve(directory)
  if (!isDirectory(path)) throw new CheckpointError(`${path} is no directory: give the directory of a run`)
  const inside = join(path, CHECKPOINTS)
  const isItself = !isDirectory(inside) && (basename(path) === CHECKPOINTS || listPlaces(path).length > 0)
  return new Checkpoints(isItself ? path : inside, options)
}

const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

export class Checkpoints {
  /** Absolute path of the directory `checkpoints`. */
  readonly directory: string
  readonly #rule: BestRule | undefined
  readonly #problems = new Set<string>()
  readonly #onProblem: OnProblem

  constructor(directory: string, { best, onProblem }: OpenCheckpointsOptions) {
    this.directory = directory
    this.#rule = best
    this.#onProblem = (sentence) => {
      if (this.#problems.has(sentence)) return
      this.#problems.add(sentence)
      onProblem?.(sentence)
    }
  }

  /** What was found so far that is not as it should be: a sentence each. */
  get problems(): readonly string[] {
    return [...this.#problems]
  }

  /** By step, without a look at their files. `superseded`: those that a run has set aside when it went back. */
  list({ superseded = false } = {}): CheckpointEntry[] {
    if (superseded) return listSetAside(join(this.directory, SUPERSEDED), this.#onProblem)
    return listEntries(this.directory, this.#onProblem)
  }

  /** The newest one that is good, verified by hash; null: there is none. Those that are not good are told of. */
  latest(): CheckpointInfo | null {
    return this.#firstGood((entries) => entries.reverse())
  }

  /** The best one that is good, verified by hash; null: there is none. Those that are not good are told of. */
  best(): CheckpointInfo | null {
    return this.#firstGood((entries) => rankByBest(entries, this.#ruleFor(entries)))
  }

  /** Null: there is none of that step. Throws CheckpointError where its `checkpoint.json` is damaged. */
  at(step: number): CheckpointInfo | null {
    const place = listPlaces(this.directory).find((place) => place.step === step)
    return place === undefined ? null : infoOf(readManifest(join(this.directory, place.name)))
  }

  /** Reads every byte; one sentence for each file that is not as it was saved. Empty: the checkpoint is good. */
  verify({ path }: CheckpointPlace): string[] {
    return problemsOf(path, 'hash')
  }

  /** Verified by hash, decompressed and checked. Rejects with a CheckpointError. */
  load({ path }: CheckpointPlace): Promise<LoadedCheckpoint> {
    return loadCheckpoint(path)
  }

  /**
   * Moves the checkpoints behind `step` to `superseded/`, and returns their steps. To be called by who writes the run.
   * Throws CheckpointError.
   */
  setAside(step: number): number[] {
    const rule = this.#ruleFor(this.list())
    return setAside(this.directory, step, { rule, onProblem: this.#onProblem })
  }

  #ruleFor(entries: readonly CheckpointEntry[]): BestRule | null {
    return this.#rule ?? entries.findLast(({ bestBy }) => bestBy !== null)?.bestBy ?? null
  }

  #firstGood(inOrder: (entries: CheckpointEntry[]) => CheckpointEntry[]): CheckpointInfo | null {
    for (let round = 1; ; round++) {
      const entries = this.list()
      this.#mendLinks(entries)
      let vanished = false
      for (const { path } of inOrder(entries)) {
        const found = problemsOf(path, 'hash')
        if (found.length === 0) return infoOf(readManifest(path))
        if (isDirectory(path)) found.forEach(this.#onProblem)
        else vanished = true
      }
      if (!vanished || round === MAX_ROUNDS) return null
    }
  }

  /** A crash may have come between a checkpoint and its links. */
  #mendLinks(entries: readonly CheckpointEntry[]): void {
    const names = new Set(entries.map(({ path }) => basename(path)))
    const latest = readLink(this.directory, 'latest')
    const best = readLink(this.directory, 'best')
    if (entries.length === 0 || (latest !== null && names.has(latest) && (best === null || names.has(best))))
      return
    try {
      updateLinks(this.directory, this.#ruleFor(entries), this.#onProblem)
    } catch {
      // A reader may have no right to write here; it does not need the links.
    }
  }
}
