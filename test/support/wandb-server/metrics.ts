import type { Line } from './extended-json.js'

/** A metric as `define_metric` has made it known. */
export interface StoredMetric {
  /** Of the metric; with `*` in it, of several. */
  readonly name: string
  readonly stepMetric: string | undefined
  /** Numbers of the options: 1 step_sync, 2 hidden, 3 defined. */
  readonly options: readonly number[]
  /** What the config says of its summary. */
  readonly summary: readonly number[]
  readonly goal: number | undefined
}

/** `_wandb.value.m` of a config. Throws where an entry has no name, or a step metric that is not in the list. */
export function metricsOf(config: Line | undefined): StoredMetric[] {
  const wandb = config?._wandb as { value?: { m?: readonly Line[] } } | undefined
  const list = wandb?.value?.m ?? []
  return list.map((entry) => {
    const index = entry['5'] as number | undefined
    return {
      name: nameOf(entry),
      stepMetric: (entry['4'] as string | undefined) ?? stepMetricAt(list, index),
      options: (entry['6'] as number[] | undefined) ?? [],
      summary: (entry['7'] as number[] | undefined) ?? [],
      goal: entry['8'] as number | undefined,
    }
  })
}

function stepMetricAt(list: readonly Line[], index: number | undefined): string | undefined {
  if (index === undefined) return undefined
  const entry = list[index - 1]
  if (entry === undefined) throw new Error(`a metric has the step metric ${index} of ${list.length}`)
  return nameOf(entry)
}

function nameOf(entry: Line): string {
  const name = entry['1'] ?? entry['2']
  if (typeof name === 'string' && name !== '') return name
  throw new Error(`a metric has no name: ${JSON.stringify(entry)}`)
}
