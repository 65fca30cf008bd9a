import { keepClone } from '../../run/values.js'
import type { Tensor, TfCore } from '../types.js'

/** What makes one tensor of many. */
export type Packer = Pick<TfCore, 'tidy' | 'keep' | 'concat' | 'reshape'>

export function isTensor(value: unknown): value is Tensor {
  const tensor = value as Tensor | null | undefined
  return (
    typeof tensor === 'object' &&
    tensor !== null &&
    typeof tensor.clone === 'function' &&
    typeof tensor.dataSync === 'function'
  )
}

/** False for strings and complex numbers. */
export const isNumeric = ({ dtype }: Tensor): boolean =>
  dtype === 'float32' || dtype === 'int32' || dtype === 'bool'

/** A clone that outlives a `tf.tidy()`, made without knowing `tf`. Throws where the tensor is disposed. */
export const keep = (tensor: Tensor): Tensor => keepClone(tensor) as Tensor

/** A backend that is gone may throw, which must neither reach the training loop nor stop an event. */
export function dispose(tensor: Tensor): void {
  try {
    tensor.dispose()
  } catch {
    // There is nothing left to free.
  }
}

/**
 * The values of all tensors, with as few transfers from the device as possible: where `tf` is known, all float
 * scalars are one. Rejects where any of them cannot be read.
 */
export async function readTogether(
  tensors: readonly Tensor[],
  tf: Packer | undefined,
): Promise<ArrayLike<number>[]> {
  const scalars = new Set(tensors.filter(({ rank, dtype }) => rank === 0 && dtype === 'float32'))
  if (tf === undefined || scalars.size < 2) return Promise.all(tensors.map((tensor) => tensor.data()))
  const packed = tf.tidy(() => tf.keep(tf.concat([...scalars].map((scalar) => tf.reshape(scalar, [1])))))
  try {
    const [values, ...others] = await Promise.all([
      packed.data(),
      ...tensors.map((tensor) => (scalars.has(tensor) ? undefined : tensor.data())),
    ])
    let next = 0
    return others.map((other) => other ?? [values[next++]!])
  } finally {
    dispose(packed)
  }
}
