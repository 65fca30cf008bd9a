import * as v from 'valibot'

export const summaryOptions = v.object({
  /** summary.json is written at most this often, and when the sink is closed. */
  everyMs: v.optional(v.pipe(v.number(), v.minValue(0)), 2000),
  /** Which way a metric is better, where its name does not say so. */
  goals: v.optional(v.record(v.string(), v.picklist(['minimize', 'maximize'])), {}),
  /** Metrics beyond this many are not summarised: the state of each is committed with every batch. */
  maxMetrics: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1)), 10_000),
})

export type SummaryOptions = v.InferOutput<typeof summaryOptions>
