/**
 * Values of a Summary other than scalars: a tensor, and the metadata that says which plugin shows it. Messages:
 * Summary and SummaryMetadata (tensorflow/core/framework/summary.proto), TensorProto (framework/tensor.proto).
 */
import { bytesField, int64Field, type Pieces, piecesField } from '../../protobuf/encoding.js'

const VALUE_TAG = 1
const VALUE_TENSOR = 8
const VALUE_METADATA = 9

/** How readers keep a tag's values: few large ones of a blob sequence, more tensors. */
export const DATA_CLASS = { tensor: 2, blobSequence: 3 } as const
export const DATA_TYPE = { float: 1, double: 2, int32: 3, uint8: 4, string: 7 } as const

/** A `Summary.value`. */
export interface SummaryValue {
  readonly tag: string
  /** The TensorBoard plugin that shows the tag; a tag has one only. */
  readonly plugin: string
  readonly tensor: Pieces
  /** Read from a tag's first value only. */
  readonly metadata: Uint8Array
}

export function encodeValue({ tag, tensor, metadata }: SummaryValue, withMetadata: boolean): Pieces {
  const parts = withMetadata ? [tensor, metadata] : [tensor]
  return piecesField(1, bytesField(VALUE_TAG, tag), ...parts)
}

/** `content`: the plugin's own message, encoded. */
export function pluginMetadata(
  plugin: string,
  dataClass: (typeof DATA_CLASS)[keyof typeof DATA_CLASS],
  content: Uint8Array = new Uint8Array(0),
): Buffer {
  const contents = content.length === 0 ? [] : [bytesField(2, content)]
  return bytesField(
    VALUE_METADATA,
    bytesField(1, bytesField(1, plugin), ...contents),
    int64Field(4, dataClass),
  )
}

/** A tensor of strings (or bytes), row by row; no `shape`: one string, of rank 0. */
export function stringTensor(
  strings: readonly (Uint8Array | string)[],
  shape: readonly number[] = [],
): Pieces {
  return piecesField(
    VALUE_TENSOR,
    int64Field(1, DATA_TYPE.string),
    shapeField(shape),
    ...strings.map((string) => piecesField(8, string)),
  )
}

/** A tensor of numbers, whose bytes are given as they are: little-endian, row by row. */
export function numberTensor(dataType: number, shape: readonly number[], bytes: Uint8Array): Pieces {
  return piecesField(VALUE_TENSOR, int64Field(1, dataType), shapeField(shape), piecesField(4, bytes))
}

/** What values without any data have: the plugin takes all it needs from the metadata. */
export function emptyTensor(): Pieces {
  return piecesField(VALUE_TENSOR, int64Field(1, DATA_TYPE.float), shapeField([0]))
}

export function float32Bytes(values: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * values.length)
  values.forEach((value, index) => {
    bytes.writeFloatLE(value, 4 * index)
  })
  return bytes
}

/** A dimension of size 0 is an empty message, as in every proto3 writer. */
function shapeField(shape: readonly number[]): Buffer {
  return bytesField(2, ...shape.map((size) => bytesField(2, ...(size === 0 ? [] : [int64Field(1, size)]))))
}
