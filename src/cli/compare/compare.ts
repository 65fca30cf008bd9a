import { type ComparedMetric, compareRuns, type RunComparison } from '../../store/runs/compare.js'
import type { SummaryPoint } from '../../store/runs/types.js'
import { plural } from '../../text/text.js'
import type { CompareOptions } from '../compare.js'
import { CliError, EXIT } from '../errors.js'
import { pickMetrics } from '../metric-names.js'
import type { Output } from '../output.js'
import { openRun } from '../runs.js'
import { wrap } from '../text.js'
import { jsonValue, runJson } from '../values.js'
import { compareLines } from './lines.js'

const MAX_METRICS = 20

/** `offstep compare`. Returns the exit code; throws what is wrong with the command line. */
export function compare(
  names: readonly string[],
  { metric, all = false, ...options }: CompareOptions & { readonly dir?: string },
  output: Output,
): number {
  const byDir = new Map(names.map((name) => openRun(name, options)).map((run) => [run.dir, run]))
  if (byDir.size < 2) throw new CliError('name two runs or more: offstep list shows what there is')
  const comparison = compareRuns([...byDir.values()])
  const picked = pick(comparison, metric)
  if (output.json) {
    output.printJson(jsonOf(comparison, picked))
    return EXIT.ok
  }
  const telling = all || metric !== undefined ? picked : picked.filter(({ goal }) => goal !== null)
  const shown = all || metric !== undefined ? telling : telling.slice(0, MAX_METRICS)
  for (const line of compareLines(comparison, shown, all, output)) output.print(line)
  if (shown.length < picked.length) {
    const more = `${plural(picked.length - shown.length, 'more metric')}: --metric picks some, --all shows them`
    output.note(wrap(more, output.columns).map(output.err.dim).join('\n'))
  }
  return EXIT.ok
}

function pick({ metrics }: RunComparison, patterns: readonly string[] | undefined): ComparedMetric[] {
  const byName = new Map(metrics.map((metric) => [metric.name, metric]))
  return pickMetrics([...byName.keys()], patterns).map((name) => byName.get(name)!)
}

function jsonOf({ runs, config }: RunComparison, metrics: readonly ComparedMetric[]): unknown {
  const pointJson = (point: SummaryPoint | null) => point && { value: point.value, step: point.step }
  return jsonValue({
    runs: runs.map(runJson),
    config: config.map(({ values, ...rest }) => ({ ...rest, values: values.map((value) => value ?? null) })),
    metrics: metrics.map(({ last, best, ...rest }) => {
      return { ...rest, last: last.map(pointJson), best: best.map(pointJson) }
    }),
  })
}
