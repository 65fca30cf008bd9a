import { closest } from '../../options/suggest.js'
import type { RunData } from '../../plots/data/run-data.js'
import { chooseMetrics } from '../../plots/names.js'
import { countText, printable } from '../../text/text.js'
import { CliError } from '../errors.js'

const MAX_LISTED = 8
/** Metrics that are shown where nobody says which, and none is a loss. */
const MAX_DEFAULT = 4

/** Throws a CliError that names the nearest where no run has a metric of a name. */
export function checkMetrics(runs: readonly RunData[], metrics: readonly string[] = []): void {
  const known = new Set(runs.flatMap(({ names }) => names))
  for (const metric of metrics) {
    if (known.has(metric)) continue
    const near = nearest(metric, [...known])
    const whose = runs.length === 1 ? 'the run has' : 'the runs have'
    const hint = near === null ? listOf([...known]) : `did you mean "${printable(near)}"?`
    throw new CliError(`${whose} no metric "${printable(metric)}": ${hint}`)
  }
}

/** By the whole name, else by its end: "loss" is near "train/loss". */
function nearest(metric: string, known: readonly string[]): string | null {
  const wanted = metric.toLowerCase()
  return closest(metric, known) ?? known.find((name) => name.toLowerCase().includes(wanted)) ?? null
}

function listOf(known: readonly string[]): string {
  if (known.length === 0) return 'it has none at all'
  const listed = known.slice(0, MAX_LISTED).map(printable).join(', ')
  const more = known.length - MAX_LISTED
  return more > 0 ? `there are ${listed} and ${countText(more)} more` : `there are ${listed}`
}

/** What one chart shows where nobody says it: the losses, else the first metrics. */
export function defaultMetrics(runs: readonly RunData[]): readonly string[] {
  const names = [...new Set(runs.flatMap((run) => run.names))]
  const { loss } = chooseMetrics(names)
  return loss.length > 0 ? loss : names.slice(0, MAX_DEFAULT)
}
