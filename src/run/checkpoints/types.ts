import type { Capturable } from '../../checkpoint/capture/types.js'
import type { CheckpointEntry } from '../../checkpoint/manifest.js'
import type { LoadedCheckpoint } from '../../checkpoint/read/load.js'
import type { CheckpointInfo } from '../../checkpoint/types.js'
import type { RestoreOptions, RestoreTargets } from '../../tfjs/checkpoint/types.js'

export interface SaveOptions {
  /** What the model is worth at this step; `metric` of the options says which one counts. */
  readonly metrics?: { readonly [name: string]: number }
  readonly epoch?: number
  /** Whether it is the best so far. Default: what the metric says. */
  readonly isBest?: boolean
  /** Anything that JSON holds, for people and programs that read the checkpoint. */
  readonly metadata?: { readonly [name: string]: unknown }
  /** What the program needs to go on: the state of its random numbers, its place in the data. JSON. */
  readonly state?: unknown
}

/** What has become of a save. */
export type SaveResult =
  | { readonly saved: true; readonly step: number; readonly checkpoint: CheckpointInfo }
  /** `problem`: why, and what to do. */
  | { readonly saved: false; readonly step: number; readonly problem: string }

/** Which checkpoint: by what it is, or by its step. */
export type WhichCheckpoint = 'latest' | 'best' | number | CheckpointInfo

/** What `load()` puts the state of a checkpoint into, and how. */
export type LoadInto = RestoreTargets & RestoreOptions

/**
 * The checkpoints of a run: `checkpoints/` of its directory. Reading them blocks this thread while files are read and
 * hashed: that is for before the training, and after it. Reading rejects with a CheckpointError; saving never does.
 */
export interface RunCheckpoints {
  /** Whether the option `checkpoints.every` wants one now. Costs nothing. */
  shouldSave(step: number, about?: { readonly epoch?: number }): boolean
  /**
   * Saves what `what` is now, though training goes on: this thread copies the weights (or, of a GPU, keeps them until they
   * are read back), and returns; another thread writes, hashes and syncs. Where `maxInFlight` saves are on their way it
   * waits or leaves this one out (`whenFull`). Resolves when the checkpoint is on the disk, or it is known why it is not;
   * never rejects, and need not be awaited: `finish()` waits for it.
   */
  save(step: number, what: Capturable, options?: SaveOptions): Promise<SaveResult>
  /** By step, without a look at their files. */
  list(): Promise<CheckpointEntry[]>
  /** The newest good one, verified by hash. A damaged one is warned of, and the one before it is taken. Null: none. */
  latest(): Promise<CheckpointInfo | null>
  /** The best good one, likewise. */
  best(): Promise<CheckpointInfo | null>
  at(step: number): Promise<CheckpointInfo | null>
  /**
   * Reads a checkpoint, verified by hash, and puts it into a model, an optimizer or variables where these are given: the
   * training goes on bit for bit. Default: the one that the run was resumed from, else the newest good one. Resolves to
   * null where there is none. Where a name, a shape or a type differs it rejects, and nothing has been changed.
   */
  load(which?: WhichCheckpoint, into?: LoadInto): Promise<LoadedCheckpoint | null>
  load(into: LoadInto): Promise<LoadedCheckpoint | null>
}
