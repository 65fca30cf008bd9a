import type { TensorLike } from '../../checkpoint/capture/types.js'
import { CheckpointError } from '../../checkpoint/errors.js'
import type { Dtype, NamedTensor } from '../../checkpoint/request.js'
import { findCore } from '../find-tf.js'
import type { Tensor } from '../types.js'
import type { AssignableVariable, TensorMaker } from './types.js'

const DTYPES: Partial<
  Record<Dtype, { name: string; on(bytes: Uint8Array): Float32Array | Int32Array | Uint8Array }>
> = {
  F32: { name: 'float32', on: ({ buffer }) => new Float32Array(buffer) },
  I32: { name: 'int32', on: ({ buffer }) => new Int32Array(buffer) },
  BOOL: { name: 'bool', on: (bytes) => bytes },
}

/** Throws TfError. */
export const findMaker = (tf: object | undefined): TensorMaker => findCore(tf) as TensorMaker

/** A new tensor on the backend of the moment. The CPU backend keeps the array that it is given: it gets its own. */
export function toTensor(tf: TensorMaker, { dtype, shape, data }: NamedTensor): Tensor {
  const { name, on } = DTYPES[dtype]!
  return tf.tensor(on(new Uint8Array(data)), shape, name)
}

/** Bit for bit, without the constraint of a layer, which the saved values have been through. */
export function assign(tf: TensorMaker, variable: TensorLike, saved: NamedTensor): void {
  tf.tidy(() => (variable as AssignableVariable).assign(toTensor(tf, saved)))
}

/** What a checkpoint has and the target is to become, in the words of a message; null where they fit. */
export function difference(variable: TensorLike, saved: NamedTensor): string | null {
  const dtype = DTYPES[saved.dtype]?.name
  if (dtype === undefined) return `is ${saved.dtype} in the checkpoint, which no tf.Variable can hold`
  const here = `${variable.dtype} [${variable.shape.join(', ')}]`
  const there = `${dtype} [${saved.shape.join(', ')}]`
  return here === there ? null : `is ${there} in the checkpoint, and ${here} here`
}

/** That a tensor can be made of it. */
export const isRestorable = ({ dtype }: NamedTensor): boolean => DTYPES[dtype] !== undefined

const SHOWN = 3

/** Throws one CheckpointError that tells the first few. */
export function refuse(what: string, differences: readonly string[], fix: string): void {
  if (differences.length === 0) return
  const shown = differences.slice(0, SHOWN).join('; ')
  const more = differences.length > SHOWN ? `; and ${differences.length - SHOWN} more` : ''
  throw new CheckpointError(
    `${what} does not fit the checkpoint: ${shown}${more}. ${fix} Nothing was changed.`,
  )
}
