import type { Optimizer } from './types.js'

/** The optimizer's present learning rate; undefined where it has none that is a number. */
export function learningRateOf(
  optimizer: Pick<Optimizer, 'getConfig'> | null | undefined,
): number | undefined {
  if (optimizer === undefined || optimizer === null) return undefined
  // The field is protected in tfjs' types and present in all of its optimizers; getConfig() makes an object.
  const field = (optimizer as { learningRate?: unknown }).learningRate
  const rate = field ?? optimizer.getConfig?.().learningRate
  return typeof rate === 'number' ? rate : undefined
}
