import type { CheckpointRequest } from '../checkpoint/request.js'
import type { CheckpointTaskResult } from '../checkpoint/save-task.js'
import type { PostedMedia } from '../media/posted.js'
import type { ResolvedOptions } from '../options/options.js'

/** What the daemon's thread is started with. */
export interface DaemonSetup {
  readonly options: ResolvedOptions
  readonly control: SharedArrayBuffer
  /** What the system monitor and the owner's thread share (SystemMemory); none where there is no monitor. */
  readonly system?: SharedArrayBuffer | null
  /** Rings of the producers that exist when the daemon is started. */
  readonly rings: readonly NamedRing[]
  /** Milliseconds since the epoch. */
  readonly startTime: number
  /** The same moment by `process.hrtime`, which no one sets: what durations are counted from. */
  readonly startMonotonicMs: number
  /** Names the run's owner in its lock: the same for a daemon that replaces a dead one. */
  readonly nonce: string
  /** The run goes on: how often it has been resumed, and the step that it was taken back to. */
  readonly resumed: { readonly attempt: number; readonly rewoundTo: number | 'start' | null } | null
  readonly cwd: string
  readonly argv: readonly string[]
  readonly execArgv: readonly string[]
}

export interface NamedRing {
  readonly id: number
  readonly name: string
  readonly ring: SharedArrayBuffer
}

export type FinalStatus = 'completed' | 'failed' | 'killed'

export interface FinishRequest {
  readonly type: 'finish'
  readonly status: FinalStatus
  readonly timeoutMs: number
  /** There is time to draw the plots. */
  readonly plots?: boolean
  /** Leave what is not delivered to a process of its own. */
  readonly detach?: boolean
  readonly exitCode?: number
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string }
}

/** A checkpoint that the owner wants written. */
export interface PostedCheckpoint {
  readonly type: 'checkpoint'
  /** Counts up from 0: the daemon takes each once. */
  readonly index: number
  readonly request: CheckpointRequest
}

/** What the daemon tells the owner of a run. */
export type OwnerMessage =
  /** Somebody has asked that it be stopped. */
  | { readonly type: 'stop' }
  /** What has become of a checkpoint. */
  | { readonly type: 'checkpoint'; readonly index: number; readonly result: CheckpointTaskResult }

type KilledPool = 'drain' | 'deliver' | 'custom' | 'media' | 'checkpoint'

/** What the owner of a run tells its daemon. */
export type DaemonMessage =
  | { readonly type: 'ring'; readonly ring: NamedRing }
  /** Deliver now, do not wait for the interval. */
  | { readonly type: 'deliver' }
  | { readonly type: 'warning'; readonly kind: string; readonly message: string }
  | PostedMedia
  | PostedCheckpoint
  | FinishRequest
  /** Ends a pool thread as a crash would; for the tests and the benchmark. `custom`: of the first custom sink. */
  | { readonly type: 'kill-thread'; readonly pool: KilledPool }
