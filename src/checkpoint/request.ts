/** What the training thread hands over when it saves a checkpoint: copies of everything, as bytes and JSON. */
import type { JsonObject, JsonValue } from '../record/json.js'

/** Element types as safetensors names them. */
export type Dtype =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U64'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL'

export interface NamedTensor {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Little-endian, row-major; may view shared memory. */
  readonly data: Uint8Array
}

/** Tensors that become one safetensors file: `model.safetensors`, `optimizer.safetensors`. */
export interface TensorFile {
  /** Path within the checkpoint. */
  readonly path: string
  readonly tensors: readonly NamedTensor[]
  /** For the file's `__metadata__`. */
  readonly metadata?: { readonly [name: string]: string }
}

/** A value that becomes a JSON file: `model.json`, `optimizer.json`. */
export interface JsonFile {
  readonly path: string
  readonly value: JsonValue
}

/** A file or a directory that the user has written, to be copied. */
export interface SourceFile {
  /** Path within the checkpoint; null: its own name. */
  readonly path: string | null
  /** Absolute. */
  readonly source: string
}

export interface CheckpointContent {
  readonly tensorFiles: readonly TensorFile[]
  readonly jsonFiles: readonly JsonFile[]
  readonly files: readonly SourceFile[]
}

/** One save, as it crosses threads. */
export interface CheckpointRequest {
  readonly step: number
  /** Of the call, milliseconds since the epoch. */
  readonly time: number
  readonly epoch: number | null
  readonly metrics: { readonly [name: string]: number }
  /** Null: the policy's metric says. */
  readonly isBest: boolean | null
  readonly metadata: JsonObject
  /** What the program needs to go on: state of its random numbers, position in its data, ... Null: none. */
  readonly state: JsonValue
  readonly content: CheckpointContent
  /** Of the config at that time, and of the code. */
  readonly configSha256: string | null
  readonly gitCommit: string | null
  /** How often the run had been resumed by then. */
  readonly attempt: number
}
