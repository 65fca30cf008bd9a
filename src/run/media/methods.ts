import { MediaError } from '../../media/request.js'
import type { MediaKind } from '../../record/media.js'
import { isTensorLike } from './arrays.js'
import type { MediaInput } from './input.js'
import { plainOf } from './plain.js'
import type {
  CustomScalarsLayout,
  HistogramOptions,
  MediaLogger,
  MediaOptions,
  Mesh,
  ModelLike,
  Numbers,
  PrCurveInput,
  PrecomputedHistogram,
  PrecomputedPrCurve,
  RawAudio,
  RawImage,
  Table,
  TensorLike,
  TransferOption,
} from './types.js'

/** What one media call has to say. */
export interface MediaCall {
  readonly kind: MediaKind
  readonly name: string
  readonly step: number | undefined
  readonly transfer?: boolean | undefined
  /** Throws a MediaError where the input cannot be one of this kind. */
  fill(input: MediaInput): void
}

const MODEL_NAME = 'model'
const HPARAMS_NAME = 'hparams'
const LAYOUT_NAME = 'custom_scalars'

/** The media calls, each put into one shape for `logMedia()`. Nothing is looked at before: it might throw. */
export abstract class MediaMethods implements MediaLogger {
  protected abstract logMedia(call: MediaCall): void

  histogram(
    name: string,
    values: Numbers | PrecomputedHistogram,
    step?: number,
    options?: HistogramOptions,
  ): void {
    this.logMedia({
      kind: 'histogram',
      name,
      step,
      transfer: options?.transfer,
      fill: (input) => {
        if (isObject(values) && 'edges' in values) {
          input.numbers('edges', values.edges).numbers('counts', values.counts)
        } else input.set('bins', options?.bins).numbers('values', values as Numbers)
      },
    })
  }

  image(
    name: string,
    image: Uint8Array | RawImage | TensorLike,
    step?: number,
    options?: MediaOptions,
  ): void {
    this.logMedia({
      kind: 'image',
      name,
      step,
      transfer: options?.transfer,
      fill: (input) => {
        input.set('caption', options?.caption)
        if (image instanceof Uint8Array) input.numbers('encoded', image)
        else if (isTensorLike(image)) fillTensorImage(input, image)
        else {
          const { data, width, height, channels } = given(
            image,
            'a PNG or JPEG file as bytes, raw pixels, or a tensor',
          )
          input.set('width', width).set('height', height).set('channels', channels).numbers('pixels', data)
        }
      },
    })
  }

  audio(name: string, audio: Uint8Array | RawAudio, step?: number, options?: MediaOptions): void {
    this.logMedia({
      kind: 'audio',
      name,
      step,
      transfer: options?.transfer,
      fill: (input) => {
        input.set('caption', options?.caption)
        if (audio instanceof Uint8Array) input.numbers('encoded', audio)
        else {
          const { data, sampleRate, channels = 1 } = given(audio, 'a WAV file as bytes, or raw samples')
          input.set('sampleRate', sampleRate).set('channels', channels).numbers('samples', data)
        }
      },
    })
  }

  text(name: string, markdown: string, step?: number): void {
    this.logMedia({ kind: 'text', name, step, fill: (input) => void input.set('text', markdown) })
  }

  table(name: string, table: Table, step?: number): void {
    const fill = (input: MediaInput) => {
      const { columns, rows } = given(table, '{ columns, rows }')
      input.set('columns', columns).set('rows', rows)
    }
    this.logMedia({ kind: 'table', name, step, fill })
  }

  prCurve(
    name: string,
    curve: PrCurveInput | PrecomputedPrCurve,
    step?: number,
    options?: TransferOption,
  ): void {
    this.logMedia({
      kind: 'pr-curve',
      name,
      step,
      transfer: options?.transfer,
      fill: (input) => {
        for (const [field, value] of Object.entries(given(curve, '{ labels, predictions }'))) {
          if (field === 'thresholds') input.set(field, value)
          else input.numbers(field, value as Numbers | undefined)
        }
      },
    })
  }

  graph(model: ModelLike, name = MODEL_NAME): void {
    this.logMedia({
      kind: 'graph',
      name,
      step: 0,
      fill: (input) => {
        const hasToJson = isObject(model) && 'toJSON' in model && typeof model.toJSON === 'function'
        // tfjs-layers takes two arguments, the second of which asks for text.
        input.set('model', hasToJson ? model.toJSON(null, true) : model)
      },
    })
  }

  hparams(values?: { readonly [name: string]: unknown }): void {
    const fill = (input: MediaInput) => void input.set('values', plainOf(values))
    this.logMedia({ kind: 'hparams', name: HPARAMS_NAME, step: 0, fill })
  }

  customScalars(layout: CustomScalarsLayout): void {
    const fill = (input: MediaInput) => void input.set('layout', layout)
    this.logMedia({ kind: 'custom-scalars', name: LAYOUT_NAME, step: 0, fill })
  }

  mesh(name: string, mesh: Mesh, step?: number, options?: TransferOption): void {
    this.logMedia({
      kind: 'mesh',
      name,
      step,
      transfer: options?.transfer,
      fill: (input) => {
        const { vertices, faces, colors, config } = given(mesh, '{ vertices }')
        input.set('config', config).numbers('vertices', vertices).numbers('faces', faces)
        input.numbers('colors', colors)
      },
    })
  }
}

function fillTensorImage(input: MediaInput, tensor: TensorLike): void {
  const [height, width, channels = 1] = tensor.shape
  if (tensor.shape.length < 2 || tensor.shape.length > 3) {
    throw new MediaError(
      `its tensor has the shape [${tensor.shape.join(', ')}]: give [height, width] or [height, width, channels]; a batch can be taken apart by tf.unstack()`,
    )
  }
  input.set('width', width).set('height', height).set('channels', channels).numbers('pixels', tensor)
}

function given<T>(value: T, what: string): T & object {
  if (isObject(value)) return value as T & object
  throw new MediaError(`give ${what}`)
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
