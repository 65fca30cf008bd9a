import type { NumberArray } from '../../media/request.js'
import type { CustomScalarsValue, TableCell } from '../../record/media.js'

/** Any typed array of numbers; of bigints, the nearest doubles are logged. */
export type NumericArray = NumberArray | BigInt64Array | BigUint64Array

/** A tf.Tensor of any shape, by what it can do: this package imports no TensorFlow.js here. */
export interface TensorLike {
  readonly shape: readonly number[]
  readonly size: number
  clone(): TensorLike
  data(): Promise<ArrayLike<number>>
  dataSync(): ArrayLike<number>
  dispose(): void
}

/** Arrays may be nested: they are flattened row by row. */
export type Numbers = NumericArray | readonly number[] | readonly (readonly number[])[] | TensorLike

export interface TransferOption {
  /**
   * Hand the buffer over instead of copying it: it is empty for the caller from then on. A buffer that the array
   * is only a part of is copied all the same. In a thread with a producer of its own, a buffer is handed over
   * only where it is a SharedArrayBuffer, which nobody may then write to.
   */
  readonly transfer?: boolean
}

export interface HistogramOptions extends TransferOption {
  /** How many buckets of equal width; default 30. */
  readonly bins?: number
}

/** Buckets that were counted already: `counts[i]` values lie between `edges[i]` and `edges[i + 1]`. */
export interface PrecomputedHistogram {
  readonly edges: Numbers
  readonly counts: Numbers
}

export interface MediaOptions extends TransferOption {
  readonly caption?: string
}

/** Pixels row by row, the channels of a pixel together; integers are 0 to 255, floats 0 to 1. */
export interface RawImage {
  readonly data: NumericArray | readonly number[]
  readonly width: number
  readonly height: number
  /** 1 grey, 3 RGB, 4 RGBA. */
  readonly channels: 1 | 3 | 4
}

/** Samples from -1 to 1, the channels of a frame together. */
export interface RawAudio {
  readonly data: NumericArray | readonly number[]
  /** Samples per second of one channel. */
  readonly sampleRate: number
  /** Default 1. */
  readonly channels?: number
}

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly TableCell[])[]
}

/** True labels (1 or 0, true or false) and what a classifier said of them (0 to 1). */
export interface PrCurveInput {
  readonly labels: Numbers | readonly boolean[]
  readonly predictions: Numbers
  /** One per prediction; default 1. */
  readonly weights?: Numbers
  /** How many thresholds between 0 and 1; default 201. */
  readonly thresholds?: number
}

/** A curve that was counted already: one entry per threshold, thresholds ascending from 0 to 1. */
export interface PrecomputedPrCurve {
  readonly truePositives: Numbers
  readonly falsePositives: Numbers
  readonly trueNegatives: Numbers
  readonly falseNegatives: Numbers
  readonly precision?: Numbers
  readonly recall?: Numbers
}

/** A Keras-style model: a tf.LayersModel, or what its `toJSON()` gives. */
export type ModelLike = { toJSON(unused?: unknown, asString?: boolean): unknown } | object | string

export interface Mesh {
  /** `x, y, z` of each point: flat, nested, or a tensor of shape [n, 3]. */
  readonly vertices: Numbers
  /** Indexes of the vertices of each triangle. */
  readonly faces?: Numbers
  /** `r, g, b` of each vertex, 0 to 255. */
  readonly colors?: Numbers
  /** Camera, lights and material, for TensorBoard's renderer (three.js). */
  readonly config?: { readonly [key: string]: unknown }
}

/** Which charts TensorBoard's page "custom scalars" shows. */
export type CustomScalarsLayout = CustomScalarsValue

/**
 * Media and structure. Each call is one record, as a row is: it is journaled, and goes to every sink that can show
 * it. The calling thread copies the input once (or hands it over, `transfer`) and does nothing else: counting,
 * encoding, hashing and writing happen on a thread of the tracker's. No call throws; what cannot be logged is
 * counted in `status().dropped` and warned of once per kind.
 *
 * `step`: as in `log()`, but without it the last row's step is taken. A tensor is read back when its device has it,
 * and may be disposed right after the call.
 */
export interface MediaLogger {
  /** How values are distributed. NaN and infinities are counted apart. */
  histogram(
    name: string,
    values: Numbers | PrecomputedHistogram,
    step?: number,
    options?: HistogramOptions,
  ): void
  /** A PNG, JPEG, GIF, WebP or BMP file, raw pixels, or a tensor of shape [h, w], [h, w, 1], [h, w, 3] or [h, w, 4]. */
  image(name: string, image: Uint8Array | RawImage | TensorLike, step?: number, options?: MediaOptions): void
  /** A WAV file, or raw samples, which are kept as 16-bit PCM. */
  audio(name: string, audio: Uint8Array | RawAudio, step?: number, options?: MediaOptions): void
  /** Markdown. */
  text(name: string, markdown: string, step?: number): void
  table(name: string, table: Table, step?: number): void
  /** Precision and recall of a binary classifier, by threshold. */
  prCurve(
    name: string,
    curve: PrCurveInput | PrecomputedPrCurve,
    step?: number,
    options?: TransferOption,
  ): void
  /** The architecture of a model. */
  graph(model: ModelLike, name?: string): void
  /** Hyper-parameters of this run; without values, its config. Sinks get the config by themselves: see docs. */
  hparams(values?: { readonly [name: string]: unknown }): void
  customScalars(layout: CustomScalarsLayout): void
  /** A cloud of points, or triangles between them. */
  mesh(name: string, mesh: Mesh, step?: number, options?: TransferOption): void
}
