import type { JsonObject, JsonValue } from '../../record/json.js'
import { jsonText } from '../../record/to-json.js'
import type { Goal } from '../../sinks/summary/goal.js'
import { bestOf, goalFor, isBetter, summarize } from './helpers.js'
import type { StoredRun } from './stored-run.js'
import type { SummaryPoint } from './types.js'

export interface ComparedParameter {
  /** Nested ones with dots: `optimizer.lr`. */
  readonly name: string
  /** One per run; undefined where it has none. */
  readonly values: readonly (JsonValue | undefined)[]
  readonly differs: boolean
}

export interface ComparedMetric {
  readonly name: string
  /** Null where nobody knows which way it gets better. */
  readonly goal: Goal | null
  /** One per run; null where it has none. */
  readonly last: readonly (SummaryPoint | null)[]
  readonly best: readonly (SummaryPoint | null)[]
  /** Indexes of the runs whose value is the best of all: several where they are equally good. */
  readonly bestLast: readonly number[]
  readonly bestBest: readonly number[]
}

export interface RunComparison {
  readonly runs: readonly StoredRun[]
  readonly config: readonly ComparedParameter[]
  readonly metrics: readonly ComparedMetric[]
}

/** Parameters and metrics of several runs side by side, each list in the order in which the runs have them. */
export function compareRuns(runs: readonly StoredRun[]): RunComparison {
  const configs = runs.map(({ config }) => flatten(config))
  const summaries = runs.map((run) => summarize(run).metrics)
  return {
    runs,
    config: union(configs).map((name) => compareParameter(name, configs)),
    metrics: union(summaries.map((metrics) => new Map(Object.entries(metrics)))).map((name) => {
      const of = summaries.map((metrics) => (Object.hasOwn(metrics, name) ? metrics[name]! : null))
      const goal = runs.map((run) => goalFor(run, name)).find((known) => known !== null) ?? null
      const last = of.map((metric) => metric?.last ?? null)
      const best = of.map((metric) => (metric === null || goal === null ? null : bestOf(metric, goal)))
      return { name, goal, last, best, bestLast: bestAmong(last, goal), bestBest: bestAmong(best, goal) }
    }),
  }
}

function compareParameter(
  name: string,
  configs: readonly ReadonlyMap<string, JsonValue>[],
): ComparedParameter {
  const values = configs.map((config) => config.get(name))
  const texts = new Set(values.map((value) => (value === undefined ? '' : jsonText(value))))
  return { name, values, differs: texts.size > 1 }
}

/** Objects by their parts; lists as a whole. */
function flatten(
  config: JsonObject,
  prefix = '',
  into = new Map<string, JsonValue>(),
): Map<string, JsonValue> {
  for (const [key, value] of Object.entries(config)) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (isObject && Object.keys(value).length > 0) flatten(value as JsonObject, `${prefix}${key}.`, into)
    else into.set(prefix + key, value)
  }
  return into
}

const union = (maps: readonly ReadonlyMap<string, unknown>[]): string[] => [
  ...new Set(maps.flatMap((map) => [...map.keys()])),
]

/** None where there is nothing to choose from. */
function bestAmong(points: readonly (SummaryPoint | null)[], goal: Goal | null): number[] {
  const usable = points.flatMap((point, index) =>
    point === null || Number.isNaN(point.value) ? [] : [index],
  )
  if (goal === null || usable.length < 2) return []
  const valueAt = (index: number): number => points[index]!.value
  const best = usable.reduce((a, b) => (isBetter(valueAt(b), valueAt(a), goal) ? b : a))
  const winners = usable.filter((index) => valueAt(index) === valueAt(best))
  // All the same: none of them is better.
  return winners.length === usable.length ? [] : winners
}
