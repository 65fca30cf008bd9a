import type { JsonObject, JsonValue } from '../../../record/json.js'

/** Hyper-parameters as MLflow has them, names with dots: `optimizer.lr`. A list is one value, in JSON. */
export function flatten(values: JsonObject, prefix = ''): [name: string, text: string][] {
  return Object.entries(values).flatMap(([name, value]): [string, string][] => {
    const path = `${prefix}${name}`
    if (isObject(value) && Object.keys(value).length > 0) return flatten(value, `${path}.`)
    return [[path, typeof value === 'string' ? value : JSON.stringify(value)]]
  })
}

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
