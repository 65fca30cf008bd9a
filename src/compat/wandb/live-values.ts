import type { LiveValues } from './types.js'

/**
 * An object whose changes are told: `values.name = 1`, `delete values.name` and `values.update({ ... })`. Reading
 * gives what was set. A change within a value (`values.optimizer.lr = 1`) is not seen: set the value again.
 */
export function liveValues(
  initial: { readonly [name: string]: unknown },
  send: (changed: { readonly [name: string]: unknown }) => void,
): LiveValues {
  const values: { [name: string]: unknown } = { ...initial }
  const update = (changed: { readonly [name: string]: unknown }): void => {
    Object.assign(values, changed)
    send({ ...changed })
  }
  return new Proxy(values, {
    get: (target, name) =>
      name === 'update' && !Object.hasOwn(target, name) ? update : Reflect.get(target, name),
    set: (target, name, value) => {
      if (typeof name === 'string') update({ [name]: value })
      return typeof name === 'string' || Reflect.set(target, name, value)
    },
    deleteProperty: (target, name) => {
      if (typeof name === 'string' && Object.hasOwn(target, name)) send({ [name]: undefined })
      return Reflect.deleteProperty(target, name)
    },
  }) as LiveValues
}
