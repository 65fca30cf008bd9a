import { isUpdate, type UpdateKind, type UpdateValues } from './updates.js'

/**
 * Media records: what a run holds beside its rows of numbers. One call (`run.histogram()`, `run.image()`, ...) is
 * one record, with a sequence number of its own as a row has. What is small is in the record; what is large is a
 * file of the run directory that the record names. Updates of the run itself (see updates.ts) are records of the same
 * form.
 */

/** The producer of all media records: ids of threads count up from 0, and end long before it. */
export const MEDIA_PRODUCER = 0xffff

/** A file in the run directory, complete and on the disk before its record is journaled. */
export interface MediaFile {
  /** Relative to the run directory, with `/`: `media/images/3f/3f2a....png`. */
  readonly path: string
  readonly bytes: number
  /** SHA-256 of the content, in hex. */
  readonly sha256: string
}

/** Counts of finite values between edges: bucket `i` is `edges[i] <= x < edges[i + 1]`, the last one closed. */
export interface HistogramValue {
  /** One more than `counts`; both empty where there was nothing to count. */
  readonly edges: readonly number[]
  readonly counts: readonly number[]
  /** Of the finite values; null where there are none, or where only buckets were given. */
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  readonly std: number | null
  /** How many values there were, by what they are. */
  readonly finite: number
  readonly nan: number
  readonly infinite: number
}

export interface ImageValue {
  readonly format: 'png' | 'jpeg' | 'gif' | 'webp' | 'bmp'
  readonly width: number
  readonly height: number
  readonly caption?: string
}

export interface AudioValue {
  readonly format: 'wav'
  readonly sampleRate: number
  readonly channels: number
  /** Samples per channel. */
  readonly frames: number
  readonly caption?: string
}

/** Markdown. */
export interface TextValue {
  readonly text: string
}

export type TableCell = string | number | boolean | null

export interface TableValue {
  readonly columns: readonly string[]
  /** NaN and infinities are the strings "NaN", "Infinity" and "-Infinity", as JSON has none. */
  readonly rows: readonly (readonly TableCell[])[]
}

/** One entry of each list per threshold, thresholds ascending from 0 to 1. */
export interface PrCurveValue {
  readonly truePositives: readonly number[]
  readonly falsePositives: readonly number[]
  readonly trueNegatives: readonly number[]
  readonly falseNegatives: readonly number[]
  readonly precision: readonly number[]
  readonly recall: readonly number[]
}

/** A model's topology, as JSON in Keras' shape (`model.toJSON()`). */
export interface GraphValue {
  readonly model: { readonly class_name: string; readonly config: unknown; readonly [key: string]: unknown }
}

export interface HParamsValue {
  /** Nested ones are flattened: `optimizer/lr`. */
  readonly values: { readonly [name: string]: string | number | boolean }
}

/** Which charts TensorBoard's page "custom scalars" shows. */
export interface CustomScalarsValue {
  readonly categories: readonly {
    readonly title: string
    readonly closed?: boolean
    readonly charts: readonly {
      readonly title: string
      /** Regular expressions of tags, one line each. */
      readonly tags?: readonly string[]
      /** Lines with a band around them. */
      readonly margins?: readonly { readonly value: string; readonly lower: string; readonly upper: string }[]
    }[]
  }[]
}

/** Points in space: `x, y, z` one after the other. */
export interface MeshValue {
  readonly vertices: readonly number[]
  /** Indexes of vertices, three per triangle. */
  readonly faces?: readonly number[]
  /** 0 to 255, `r, g, b` per vertex. */
  readonly colors?: readonly number[]
  /** For TensorBoard's renderer (camera, lights, material). */
  readonly config?: { readonly [key: string]: unknown }
}

export interface MediaValues extends UpdateValues {
  readonly histogram: HistogramValue
  readonly image: ImageValue
  readonly audio: AudioValue
  readonly text: TextValue
  readonly table: TableValue
  readonly 'pr-curve': PrCurveValue
  readonly graph: GraphValue
  readonly hparams: HParamsValue
  readonly 'custom-scalars': CustomScalarsValue
  readonly mesh: MeshValue
}

export type MediaKind = keyof MediaValues

/** Kinds whose record is worth nothing without its file: the file is the picture, or the sound. */
export type FileKind = 'image' | 'audio' | 'file'

/** Values of JSON beyond this are a file of their own, in `media/`, and the record only names it. */
export const MAX_INLINE_BYTES = 32 * 1024

interface MediaHead<Kind extends MediaKind> {
  readonly kind: Kind
  readonly name: string
  /** The producer whose thread logged it: 0 is the one that called `init()`. */
  readonly producer: number
}

/**
 * A media record as a sink gets it. An image or a sound has its `value` here and its bytes in `file`. Any other
 * kind has its `value` here, or, where that is long, in `file` as JSON (`mediaValue()` in media/value.ts reads it).
 */
export type MediaRecord = { [Kind in MediaKind]: MediaRecordOf<Kind> }[MediaKind]

export type MediaRecordOf<Kind extends MediaKind> = Kind extends FileKind
  ? MediaHead<Kind> & { readonly value: MediaValues[Kind]; readonly file: MediaFile }
  : MediaHead<Kind> &
      (
        | { readonly value: MediaValues[Kind]; readonly file?: never }
        | { readonly file: MediaFile; readonly value?: never }
      )

export type UpdateRecord = Extract<MediaRecord, { readonly kind: UpdateKind }>

/** False for media. */
export const isUpdateRecord = (record: MediaRecord): record is UpdateRecord => isUpdate(record.kind)
