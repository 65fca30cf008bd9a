import { readFileSync } from 'node:fs'
import type { TableCell } from '../../record/media.js'
import type {
  MediaLogger,
  Numbers,
  PrecomputedHistogram,
  RawImage,
  TensorLike,
} from '../../run/media/types.js'

/** As W&B's Python client counts. */
export const HISTOGRAM_BINS = 64

/** What can stand for a value in `log()`. What it refers to is copied when it is logged, not when it is made. */
export abstract class Media {
  /** May throw: the caller tells. */
  abstract logTo(run: MediaLogger, name: string, step: number): void
}

export interface ImageArgs {
  caption?: string
}

/** A file (by path or URL, which is read when it is logged, or its bytes), raw pixels, or a tensor. */
export class Image extends Media {
  readonly #data: string | URL | Uint8Array | RawImage | TensorLike
  readonly #caption: string | undefined

  constructor(data: string | URL | Uint8Array | RawImage | TensorLike, { caption }: ImageArgs = {}) {
    super()
    this.#data = data
    this.#caption = caption
  }

  override logTo(run: MediaLogger, name: string, step: number): void {
    run.image(name, bytesOf(this.#data), step, captioned(this.#caption))
  }
}

export interface AudioArgs {
  /** Samples a second, of raw samples. */
  sampleRate?: number
  sample_rate?: number
  /** Of raw samples. Default 1. */
  channels?: number
  caption?: string
}

/** A WAV file (by path or URL, which is read when it is logged, or its bytes), or raw samples from -1 to 1. */
export class Audio extends Media {
  readonly #data: string | URL | Uint8Array | Float32Array | Float64Array | readonly number[]
  readonly #args: AudioArgs

  constructor(
    data: string | URL | Uint8Array | Float32Array | Float64Array | readonly number[],
    args: AudioArgs = {},
  ) {
    super()
    this.#data = data
    this.#args = args
  }

  override logTo(run: MediaLogger, name: string, step: number): void {
    const { caption, channels = 1, sampleRate, sample_rate } = this.#args
    const data = bytesOf(this.#data)
    const rate = sampleRate ?? sample_rate
    const audio = data instanceof Uint8Array ? data : { data, channels, sampleRate: rate as number }
    run.audio(name, audio, step, captioned(caption))
  }
}

export interface HistogramArgs {
  numBins?: number
  num_bins?: number
  /** Counted already: counts and, one more of them, the edges between the bins. */
  npHistogram?: readonly [counts: Numbers, edges: Numbers]
  np_histogram?: readonly [counts: Numbers, edges: Numbers]
}

/** How values are distributed; by default in 64 bins. */
export class Histogram extends Media {
  readonly #values: Numbers | PrecomputedHistogram
  readonly #bins: number

  /** `sequence`: null where `npHistogram` is given. */
  constructor(sequence: Numbers | null | undefined, args: HistogramArgs = {}) {
    super()
    const counted = args.npHistogram ?? args.np_histogram
    this.#values = counted === undefined ? (sequence ?? []) : { counts: counted[0], edges: counted[1] }
    this.#bins = args.numBins ?? args.num_bins ?? HISTOGRAM_BINS
  }

  override logTo(run: MediaLogger, name: string, step: number): void {
    run.histogram(name, this.#values, step, { bins: this.#bins })
  }
}

export interface TableArgs {
  columns?: readonly string[]
  data?: readonly (readonly TableCell[])[]
  rows?: readonly (readonly TableCell[])[]
}

/** Rows with a cell for each column. Rows may be added until it is logged. */
export class Table extends Media {
  readonly columns: readonly string[]
  readonly data: (readonly TableCell[])[]

  constructor({ columns = [], data, rows }: TableArgs = {}) {
    super()
    this.columns = columns
    this.data = [...(data ?? rows ?? [])]
  }

  addData(...row: readonly TableCell[]): void {
    this.data.push(row)
  }

  add_data(...row: readonly TableCell[]): void {
    this.addData(...row)
  }

  override logTo(run: MediaLogger, name: string, step: number): void {
    run.table(name, { columns: this.columns, rows: this.data }, step)
  }
}

function bytesOf<T>(data: T | string | URL): T | Uint8Array {
  return typeof data === 'string' || data instanceof URL ? readFileSync(data) : data
}

const captioned = (caption: string | undefined) => (caption === undefined ? {} : { caption })
