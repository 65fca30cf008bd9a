import { CheckpointError } from '../errors.js'
import type { Dtype, JsonFile, SourceFile } from '../request.js'
import { bytesOfTensor, DTYPE_NAMES, isDtype } from '../safetensors/dtypes.js'
import { dtypeOfArray, dtypeOfTensor } from './dtypes.js'
import type { NamedTensors, ShapedArray, TensorLike } from './types.js'
import { UniqueNames } from './unique-names.js'

/** A tensor that is to be copied. */
export interface PlannedTensor {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly byteLength: number
  readonly values: TensorLike | ArrayBufferView
}

/** The tensors of one file, before any is copied: everything is checked first. */
export class TensorPlan {
  readonly path: string
  readonly tensors: PlannedTensor[] = []
  readonly #names = new UniqueNames()

  constructor(path: string) {
    this.path = path
  }

  /** Returns the name that it has in the file. Throws a CheckpointError. */
  add(name: string, value: unknown): string {
    const unique = this.#names.add(name)
    this.tensors.push(planTensor(unique, value))
    return unique
  }

  addAll(tensors: NamedTensors): this {
    for (const [name, value] of Object.entries(tensors)) this.add(name, value)
    return this
  }
}

/** A save before anything is copied. */
export interface Plan {
  readonly tensorFiles: readonly TensorPlan[]
  readonly jsonFiles: readonly JsonFile[]
  readonly files: readonly SourceFile[]
}

export function isTensor(value: unknown): value is TensorLike {
  const tensor = value as TensorLike | null | undefined
  return (
    typeof tensor === 'object' &&
    tensor !== null &&
    typeof tensor.dataSync === 'function' &&
    typeof tensor.clone === 'function' &&
    typeof tensor.dtype === 'string' &&
    Array.isArray(tensor.shape)
  )
}

const isShaped = (value: unknown): value is ShapedArray =>
  typeof value === 'object' && value !== null && ArrayBuffer.isView((value as ShapedArray).data)

/** A value that a name of NamedTensors may have. */
export const isNumbers = (value: unknown): boolean =>
  isTensor(value) || ArrayBuffer.isView(value) || isShaped(value)

function planTensor(name: string, value: unknown): PlannedTensor {
  if (isTensor(value)) return fromTensor(name, value)
  if (ArrayBuffer.isView(value)) return fromArray(name, value)
  if (isShaped(value)) return fromShaped(name, value)
  throw new CheckpointError(
    `"${name}" cannot be saved: give a tf.Tensor, a tf.Variable, a typed array, or { data, shape }.`,
  )
}

function fromTensor(name: string, tensor: TensorLike): PlannedTensor {
  if ((tensor as { isDisposed?: boolean }).isDisposed === true) {
    throw new CheckpointError(
      `"${name}" cannot be saved: the tensor is disposed. Save before dispose(), or tf.keep() it.`,
    )
  }
  const dtype = dtypeOfTensor(tensor.dtype)
  if (dtype === undefined) {
    const instead = tensor.dtype === 'complex64' ? 'tf.real() and tf.imag() of it' : 'what it says as `state`'
    throw new CheckpointError(
      `"${name}" is a ${tensor.dtype} tensor, which a checkpoint cannot hold: save ${instead}.`,
    )
  }
  return { name, dtype, shape: [...tensor.shape], byteLength: tensor.size * bytesOf(dtype), values: tensor }
}

function fromArray(name: string, array: ArrayBufferView): PlannedTensor {
  const dtype = dtypeOfArray(array)
  if (dtype === undefined) throw new CheckpointError(`"${name}" is a DataView: give a typed array.`)
  return {
    name,
    dtype,
    shape: [array.byteLength / bytesOf(dtype)],
    byteLength: array.byteLength,
    values: array,
  }
}

function fromShaped(name: string, { data, shape, dtype: given }: ShapedArray): PlannedTensor {
  if (!Array.isArray(shape))
    throw new CheckpointError(`"${name}" has data and no shape: give { data, shape: [2, 3] }.`)
  const { dtype: own, byteLength } = fromArray(name, data)
  const dtype: unknown = given ?? own
  if (!isDtype(dtype)) {
    throw new CheckpointError(`"${name}" has the dtype ${String(dtype)}: give one of ${DTYPE_NAMES}.`)
  }
  const [wanted, has] = [bytesOf(dtype), bytesOf(own)]
  if (wanted !== has) {
    throw new CheckpointError(
      `"${name}" is ${dtype}, ${wanted} bytes a value, and its array has ${has}: give an array of that width.`,
    )
  }
  if (bytesOfTensor(dtype, shape) !== byteLength) {
    throw new CheckpointError(
      `"${name}" has ${byteLength / has} values, which do not make the shape [${shape.join(', ')}].`,
    )
  }
  return { name, dtype, shape: [...shape], byteLength, values: data }
}

/** Of one value. */
const bytesOf = (dtype: Dtype): number => bytesOfTensor(dtype, [])!
