import type { Capturable } from '../../checkpoint/capture/types.js'
import type { CheckpointEntry } from '../../checkpoint/manifest.js'
import type { Checkpoints as StoredCheckpoints } from '../../checkpoint/read/checkpoints.js'
import type { LoadedCheckpoint } from '../../checkpoint/read/load.js'
import type { CheckpointInfo } from '../../checkpoint/types.js'
import type { Warn } from '../warnings.js'
import type { CheckpointSaver } from './saver.js'
import type { LoadInto, RunCheckpoints, SaveOptions, SaveResult, WhichCheckpoint } from './types.js'

export interface CheckpointsSetup {
  readonly saver: CheckpointSaver
  /** The run directory; may wait until it is made. */
  readonly dir: () => string
  /** The one that the run goes on from. */
  readonly resumed: CheckpointInfo | null
  readonly warn: Warn
}

/** `run.checkpoints`. What reads files is loaded when it is used. */
export class Checkpoints implements RunCheckpoints {
  readonly #setup: CheckpointsSetup

  constructor(setup: CheckpointsSetup) {
    this.#setup = setup
  }

  shouldSave(step: number, { epoch }: { readonly epoch?: number } = {}): boolean {
    return this.#setup.saver.schedule.isDue(step, epoch)
  }

  save(step: number, what: Capturable, options?: SaveOptions): Promise<SaveResult> {
    return this.#setup.saver.save(step, what, options)
  }

  async list(): Promise<CheckpointEntry[]> {
    return (await this.#stored()).list()
  }

  async latest(): Promise<CheckpointInfo | null> {
    return this.#find('latest')
  }

  async best(): Promise<CheckpointInfo | null> {
    return this.#find('best')
  }

  async at(step: number): Promise<CheckpointInfo | null> {
    return this.#find(step)
  }

  async load(which?: WhichCheckpoint | LoadInto, into?: LoadInto): Promise<LoadedCheckpoint | null> {
    if (typeof which === 'object' && !('path' in which)) return this.load(undefined, which)
    const wanted = which ?? this.#setup.resumed ?? 'latest'
    const info = typeof wanted === 'object' ? wanted : await this.#find(wanted)
    if (info === null) return null
    const loaded = await (await this.#stored()).load(info)
    if (into !== undefined) {
      const { restore } = await import('../../tfjs/checkpoint/index.js')
      restore(loaded, into, into)
    }
    return loaded
  }

  async #stored(): Promise<StoredCheckpoints> {
    const { openCheckpoints } = await import('../../checkpoint/index.js')
    return openCheckpoints(this.#setup.dir())
  }

  /** What was found to be damaged on the way is told. */
  async #find(which: 'latest' | 'best' | number): Promise<CheckpointInfo | null> {
    const stored = await this.#stored()
    const info = typeof which === 'number' ? stored.at(which) : stored[which]()
    if (stored.problems.length > 0) this.#setup.warn('checkpoint-damaged', stored.problems.join(' '))
    return info
  }
}
