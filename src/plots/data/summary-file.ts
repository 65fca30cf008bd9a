import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'

const document = v.object({
  metrics: v.record(v.string(), v.object({ count: v.number(), nonFinite: v.number() })),
})

/**
 * True where summary.json has counted all of a metric's values and found that each is a finite number. Without it, or
 * where it is behind, nobody knows.
 */
export function hasOnlyNumbers(runDir: string, metric: string, values: number): boolean {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(join(runDir, 'summary.json'), 'utf8'))
  } catch {
    // A run without that sink, or one that has died before its first summary.
    return false
  }
  const result = v.safeParse(document, content)
  if (!result.success || !Object.hasOwn(result.output.metrics, metric)) return false
  const { count, nonFinite } = result.output.metrics[metric]!
  return nonFinite === 0 && count >= values
}
