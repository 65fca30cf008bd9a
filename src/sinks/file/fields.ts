/** The fields that every row of metrics.jsonl and metrics.csv starts with. */
export const FIXED_FIELDS = ['step', 'timestamp', 'elapsed', 'producer', 'sequence'] as const

const fixed: ReadonlySet<string> = new Set(FIXED_FIELDS)

/** What a metric is called in these files: its own name, unless a fixed field has it already. */
export function fieldName(metric: string): string {
  return fixed.has(metric) ? `metrics/${metric}` : metric
}

/** Milliseconds as seconds with at most three decimals. */
export function secondsText(milliseconds: number): string {
  return `${Math.round(milliseconds) / 1000}`
}
