import type { MetricLogger } from '../../run/values.js'
import type { Problems } from '../problems.js'
import type { TrainedModel } from '../types.js'

/** Logs what a model is made of: the layers as text, and the graph, which is the model's JSON. */
export function logArchitecture(
  run: MetricLogger,
  model: TrainedModel,
  prefix: string,
  problems: Problems,
): void {
  problems.catch('architecture', 'Logging the architecture', () => {
    const lines: string[] = []
    model.summary(undefined, undefined, (line) => lines.push(line))
    run.text(`${prefix}model/summary`, ['```', ...lines, '```'].join('\n'), 0)
    run.graph(model, `${prefix}model`)
  })
}
