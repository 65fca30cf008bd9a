import type { JsonObject, JsonValue } from '../record/json.js'

/** How the files of a checkpoint are compressed: `gzip` and `brotli` add `.gz` and `.br` to their names. */
export type CheckpointCompression = 'none' | 'gzip' | 'brotli'

/** What is kept. A checkpoint stays as long as one of the rules wants it, and the only good one always. */
export interface CheckpointRetention {
  /** The newest n, by step. */
  readonly keepLast: number
  /** The best n by `metric`. */
  readonly keepBest: number
  /** Every checkpoint whose step is a multiple of it; 0: none for that. */
  readonly keepEvery: number
  readonly metric: string | null
  readonly mode: 'min' | 'max'
}

export interface CheckpointFile {
  /** Within the checkpoint, with `/`. */
  readonly path: string
  /** As they are on the disk: compressed. */
  readonly bytes: number
  /** SHA-256 of the bytes on the disk, in hex. */
  readonly sha256: string
}

/** What `checkpoint.json` says. */
export interface CheckpointInfo {
  readonly step: number
  readonly epoch: number | null
  /** When it was asked for: milliseconds since the epoch. */
  readonly time: number
  /** Absolute path of its directory. */
  readonly path: string
  /** Of all its files. */
  readonly bytes: number
  readonly metrics: { readonly [name: string]: number }
  readonly metadata: JsonObject
  /** State of the program, as it was given. */
  readonly state: JsonValue
  readonly isBest: boolean
  readonly files: readonly CheckpointFile[]
  readonly compression: CheckpointCompression
  readonly configSha256: string | null
  readonly gitCommit: string | null
  /** How often the run had been resumed by then. */
  readonly attempt: number
}
