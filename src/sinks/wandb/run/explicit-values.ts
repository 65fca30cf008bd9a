import * as v from 'valibot'
import type { JsonValue } from '../../../record/json.js'
import type { SummaryUpdate } from '../../../record/updates.js'
import { type ExtendedJson, extendedJson } from '../extended-json.js'
import { metricName } from '../history/names.js'
import { isNonFiniteName, NON_FINITE } from '../history/non-finite.js'

/** For a sink that reads its cursor. */
export const explicitValues = v.array(
  v.tuple([v.string(), v.nullable(v.string()), v.pipe(v.number(), v.finite())]),
)

/** Values of the summary that the user has set: name, JSON (null: taken out), time in ms since the epoch. */
export type ExplicitValues = v.InferOutput<typeof explicitValues>

/** By name. */
export type ExplicitMap = Map<string, ExplicitValues[number]>

/** Of two values of a name the one with the later time stays, whatever order they come in. Changes `merged`. */
export function mergeExplicit(merged: ExplicitMap, { values, removed }: SummaryUpdate, time: number): void {
  const set = (name: string, json: string | null) => {
    const known = metricName(name)
    if ((merged.get(known)?.[2] ?? Number.NEGATIVE_INFINITY) <= time) merged.set(known, [known, json, time])
  }
  for (const [name, value] of Object.entries(values)) set(name, extendedJson(withNumbers(value)))
  for (const name of removed) set(name, null)
}

/** Records have the names of NaN and infinities, as JSON has none; W&B's JSON has them bare. */
function withNumbers(value: JsonValue): ExtendedJson {
  if (isNonFiniteName(value)) return NON_FINITE[value]
  if (Array.isArray(value)) return value.map(withNumbers)
  if (typeof value !== 'object' || value === null) return value as ExtendedJson
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, withNumbers(part as JsonValue)]),
  )
}
