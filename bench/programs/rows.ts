import type { MetricLogger } from '../../src/index.js'

/** The row of ten metrics that the benchmarks log: a literal, made anew for every call as in a training loop. */
export function logTen(run: MetricLogger, value: number, step: number): void {
  run.log(tenMetrics(value), step)
}

export const tenMetrics = (value: number) => ({
  'train/loss': value,
  'train/accuracy': value + 0.1,
  'train/perplexity': value + 0.2,
  'train/grad-norm': value + 0.3,
  'train/learning-rate': value + 0.4,
  'val/loss': value + 0.5,
  'val/accuracy': value + 0.6,
  'val/perplexity': value + 0.7,
  'time/step': value + 0.8,
  'time/data': value + 0.9,
})
