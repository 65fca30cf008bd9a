import type { MetricDefinition } from '../../../record/updates.js'
import { metricName } from '../history/names.js'

/** Name, or the beginning of several with `*` at its end, and definition; in order of the first one. */
export type DefinitionEntries = readonly (readonly [name: string, definition: MetricDefinition])[]

/**
 * Adds to a definition what a later one says. A step metric that was synchronised stays so: a later definition without
 * one says nothing of it. Changes `merged`.
 */
export function mergeDefinition(
  merged: Map<string, MetricDefinition>,
  name: string,
  given: MetricDefinition,
): void {
  const key = isGlob(name) ? name : metricName(name)
  const known = merged.get(key)
  const stepSync = known?.stepSync || given.stepSync
  merged.set(key, { ...known, ...given, ...(stepSync === undefined ? {} : { stepSync }) })
}

export const isGlob = (name: string): boolean => name.endsWith('*')

/** The definition of each metric: its own, or the first of those for names that begin so. */
export class MetricDefinitions {
  readonly #own: ReadonlyMap<string, MetricDefinition>
  readonly #globs: DefinitionEntries
  /** All step metrics. */
  readonly stepMetrics: ReadonlySet<string>
  /** Rows of some metric get the last value of its step metric. */
  readonly synchronises: boolean

  constructor(entries: DefinitionEntries) {
    this.#own = new Map(entries.filter(([name]) => !isGlob(name)))
    this.#globs = entries.filter(([name]) => isGlob(name)).map(([name, given]) => [name.slice(0, -1), given])
    this.stepMetrics = new Set(entries.flatMap(([, { stepMetric }]) => stepMetric ?? []))
    this.synchronises = entries.some(([, { stepMetric, stepSync }]) => stepMetric !== undefined && stepSync)
  }

  /** W&B's own names, which begin with `_`, are of no glob. */
  of(name: string): MetricDefinition | undefined {
    const own = this.#own.get(name)
    if (own !== undefined || name.startsWith('_')) return own
    return this.#globs.find(([beginning]) => name.startsWith(beginning))?.[1]
  }

  /** Defined by its whole name. */
  isOwn(name: string): boolean {
    return this.#own.has(name)
  }

  get ownNames(): Iterable<string> {
    return this.#own.keys()
  }
}
