import type { MediaFile, MediaKind } from '../record/media.js'
import type { ConsoleOutput, Resumed, SavedCheckpoint, SystemSample } from '../record/updates.js'

/** Numbers that crossed threads: a view on shared memory, or on a buffer that was transferred. */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray

/** What the training thread hands over for each kind: copied once or transferred, and not yet looked at. */
export interface MediaInputs {
  /** `bins`: how many buckets. Or buckets that were counted by the caller: `edges` (n + 1) and `counts` (n). */
  readonly histogram:
    | { readonly values: NumberArray; readonly bins?: number }
    | { readonly edges: NumberArray; readonly counts: NumberArray }
  /** An encoded file, or raw pixels: row by row, channels of a pixel together. Floats are 0 to 1, integers 0 to 255. */
  readonly image:
    | { readonly encoded: Uint8Array; readonly caption?: string }
    | {
        readonly pixels: NumberArray
        readonly width: number
        readonly height: number
        readonly channels: number
        readonly caption?: string
      }
  /** A WAV file, or samples -1 to 1: frame by frame, channels of a frame together. */
  readonly audio:
    | { readonly encoded: Uint8Array; readonly caption?: string }
    | {
        readonly samples: NumberArray
        readonly sampleRate: number
        readonly channels: number
        readonly caption?: string
      }
  readonly text: { readonly text: string }
  /** As the caller gave them: not checked yet. */
  readonly table: { readonly columns: unknown; readonly rows: unknown }
  /**
   * `labels`: true (1) or false (0); `predictions`: 0 to 1; `weights`: one per prediction, default 1. Or a curve
   * that was counted by the caller.
   */
  readonly 'pr-curve':
    | {
        readonly labels: NumberArray
        readonly predictions: NumberArray
        readonly weights?: NumberArray
        readonly thresholds?: number
      }
    | {
        readonly truePositives: NumberArray
        readonly falsePositives: NumberArray
        readonly trueNegatives: NumberArray
        readonly falseNegatives: NumberArray
        readonly precision?: NumberArray
        readonly recall?: NumberArray
      }
  /** What `model.toJSON()` gave: an object, or its JSON text. */
  readonly graph: { readonly model: unknown }
  /** Nested plain values. */
  readonly hparams: { readonly values: unknown }
  readonly 'custom-scalars': { readonly layout: unknown }
  readonly mesh: {
    readonly vertices: NumberArray
    readonly faces?: NumberArray
    readonly colors?: NumberArray
    readonly config?: unknown
  }
  /** Updates of the run, as the caller gave them: not checked yet. */
  readonly config: { readonly values: unknown }
  readonly summary: { readonly values: unknown }
  readonly metric: { readonly definition: unknown }
  readonly alert: { readonly alert: unknown }
  readonly console: ConsoleOutput
  readonly system: SystemSample
  readonly resume: Resumed
  readonly checkpoint: SavedCheckpoint
  /** An absolute path, or bytes. */
  readonly file: { readonly path: string } | { readonly bytes: Uint8Array }
  /** `files`: path within the artifact, and an absolute path of a file or a directory, bytes, or what it refers to. */
  readonly artifact: {
    readonly files: readonly {
      readonly name: string | null
      readonly path?: string
      readonly bytes?: Uint8Array
      readonly reference?: unknown
    }[]
    readonly about: unknown
  }
}

/** One media call, on its way from a producer's thread to the thread that works it up. */
export type MediaRequest = { [Kind in MediaKind]: MediaRequestOf<Kind> }[MediaKind]

export interface MediaRequestOf<Kind extends MediaKind> {
  readonly kind: Kind
  readonly name: string
  readonly step: number
  /** Milliseconds since the epoch, of the call. */
  readonly time: number
  readonly producer: number
  readonly input: MediaInputs[Kind]
}

/**
 * What a processor makes of an input. `bytes` with `extension` become a file in `media/`; everything else is the
 * record's value (see MediaValues), which goes to a file of its own where it is long.
 */
export interface ProcessedMedia<Kind extends MediaKind> {
  readonly value: import('../record/media.js').MediaValues[Kind]
  readonly bytes?: Uint8Array
  /** A file that is in the run directory already. */
  readonly file?: MediaFile
  /** `png`, `wav`, ... */
  readonly extension?: string
}

/** A media call that cannot be logged: the message says what is wrong with it, and what to give instead. */
export class MediaError extends Error {
  readonly code = 'OFFSTEP_MEDIA'

  constructor(message: string) {
    super(message)
    this.name = 'MediaError'
  }
}
