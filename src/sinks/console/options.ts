import * as v from 'valibot'

const notNegative = v.pipe(v.number(), v.finite(), v.minValue(0))

export const consoleOptions = v.object({
  /** A line is printed when both this many steps and this many seconds have passed since the last one. */
  everySteps: v.optional(notNegative, 50),
  everySeconds: v.optional(notNegative, 5),
  /** Metrics in a line, the first ones that were logged. */
  maxMetrics: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(100)), 8),
  stream: v.optional(v.picklist(['stderr', 'stdout']), 'stderr'),
})

export type ConsoleOptions = v.InferOutput<typeof consoleOptions>
