import * as v from 'valibot'

const positiveInteger = v.pipe(v.number(), v.safeInteger(), v.minValue(1))

export const csvOptions = v.object({
  /** Metric columns of metrics.csv; what is logged beyond them goes to metrics-overflow.csv. */
  maxColumns: v.optional(positiveInteger, 1024),
  /** A new column means that the file is rewritten; a file that would grow beyond this is left as it is. */
  maxRewriteBytes: v.optional(positiveInteger, 64 * 1024 * 1024),
})

export type CsvOptions = v.InferOutput<typeof csvOptions>
