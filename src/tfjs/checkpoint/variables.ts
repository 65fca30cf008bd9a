import type { TensorLike } from '../../checkpoint/capture/types.js'
import type { NamedTensor } from '../../checkpoint/request.js'
import { assign, difference, refuse } from './tensors.js'
import type { TensorMaker } from './types.js'

/** A change that has been checked. */
export type Apply = (tf: TensorMaker) => void

/** Variables and the tensors that they are to hold. Both must have the same names, shapes and dtypes. */
export function planVariables(
  what: string,
  variables: ReadonlyMap<string, TensorLike>,
  saved: ReadonlyMap<string, NamedTensor>,
  fix: string,
): Apply {
  const differences: string[] = []
  for (const [name, variable] of variables) {
    const tensor = saved.get(name)
    const differs = tensor === undefined ? 'is not in the checkpoint' : difference(variable, tensor)
    if (differs !== null) differences.push(`"${name}" ${differs}`)
  }
  for (const name of saved.keys()) {
    if (!variables.has(name)) differences.push(`"${name}" is only in the checkpoint`)
  }
  refuse(what, differences, fix)
  return (tf) => {
    for (const [name, variable] of variables) assign(tf, variable, saved.get(name)!)
  }
}
