import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonValue } from '../../record/json.js'
import { jsonText } from '../../record/to-json.js'
import { type ComparedParameter, compareRuns } from '../../store/runs/compare.js'
import { bestOf } from '../../store/runs/helpers.js'
import { mainMetricOf } from '../../store/runs/main-metric.js'
import type { StoredRun } from '../../store/runs/stored-run.js'
import { numberText, valueText } from '../../text/values.js'
import { escapeMarkdown, markdownCode } from '../escape.js'
import { utcText } from '../texts.js'

const MAX_PARAMETERS = 8
const MAX_METRICS = 3

/** Of each run the cells that are ours, as Markdown. */
export function cellsOfRuns(runs: readonly StoredRun[]): string[][] {
  const differing = compareRuns(runs).config.filter(({ differs }) => differs)
  const usual = differing.map(({ values }) => mostFrequent(values))
  return runs.map((run, at) => [
    utcText(run.startTime).slice(0, 'yyyy-mm-dd hh:mm'.length),
    `[${escapeMarkdown(run.name)}](${linkOf(run)})`,
    run.status,
    parametersText(differing, usual, at),
    metricsText(run),
  ])
}

/** Its report, where it has one. The first part is the id: by it the row is found again. */
function linkOf({ dir, id }: StoredRun): string {
  const place = encodeURIComponent(id).replace(
    /[()']/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  )
  return `${place}/${existsSync(join(dir, 'report.md')) ? 'report.md' : ''}`
}

/** All in which runs differ; where that is too much, what is unusual in this one. */
function parametersText(
  differing: readonly ComparedParameter[],
  usual: readonly string[],
  at: number,
): string {
  const has = differing.filter(({ values }) => values[at] !== undefined)
  const own = differing.filter(({ values }, index) => keyOf(values[at]) !== usual[index])
  const told = has.length <= MAX_PARAMETERS ? has : own
  const shown = told.slice(0, MAX_PARAMETERS).map(({ name, values }) => {
    return markdownCode(`${name}=${values[at] === undefined ? 'none' : valueText(values[at])}`)
  })
  return [...shown, ...(told.length > shown.length ? [`and ${told.length - shown.length} more`] : [])].join(
    ' ',
  )
}

const keyOf = (value: JsonValue | undefined): string => (value === undefined ? '' : jsonText(value))

function mostFrequent(values: readonly (JsonValue | undefined)[]): string {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(keyOf(value), (counts.get(keyOf(value)) ?? 0) + 1)
  return [...counts].reduce((most, each) => (each[1] > most[1] ? each : most))[0]
}

/** The metric that tells most, then others of which it is known which way they get better. */
function metricsText(run: StoredRun): string {
  const summary = run.summary()
  const main = mainMetricOf(run)?.name
  const known = Object.entries(summary.metrics).flatMap(([name, metric]) => {
    const best = metric.best === undefined ? null : bestOf(metric, metric.best.goal)
    return best === null ? [] : [{ name, best }]
  })
  return known
    .sort((a, b) => Number(b.name === main) - Number(a.name === main))
    .slice(0, MAX_METRICS)
    .map(
      ({ name, best }) => `${escapeMarkdown(name)} ${numberText(best.value)} (step ${numberText(best.step)})`,
    )
    .join(', ')
}
