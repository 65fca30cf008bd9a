import { SCOPES, type Scope } from '../../benchmark.js'
import type { Chart } from '../../chart.js'
import type { BenchmarkReport, Report } from '../report.js'

/** `name`: of its file, without the ending. */
export interface NamedReport {
  readonly name: string
  readonly report: Report
}

/** What one report has of one benchmark. */
export interface Part {
  readonly source: NamedReport
  readonly benchmark: BenchmarkReport
  readonly charts: readonly { readonly chart: Chart; readonly slug: string }[]
}

export interface Section {
  readonly scope: Scope
  readonly parts: readonly Part[]
  /** Benchmarks that belong here too, and stand in the section of their first scope. */
  readonly elsewhere: readonly string[]
}

/**
 * A section for each scope that has something; the same benchmark of several machines stands together, of one machine
 * the newest alone.
 */
export function sectionsOf(reports: readonly NamedReport[]): Section[] {
  const slugs = new Set<string>()
  const names = [...new Set(reports.flatMap(({ report }) => report.benchmarks.map(({ name }) => name)))]
  const found = names.flatMap((name) =>
    reports.flatMap((source) =>
      source.report.benchmarks
        .filter((benchmark) => benchmark.name === name && !isSuperseded(source, name, reports))
        .map((benchmark) => ({ source, benchmark })),
    ),
  )
  return SCOPES.map((scope) => {
    const here = found.filter(({ benchmark }) => benchmark.scopes[0] === scope)
    const elsewhere = found.filter(({ benchmark }) => benchmark.scopes.slice(1).includes(scope))
    return {
      scope,
      parts: here.map((part) => ({
        ...part,
        charts: part.benchmark.charts.map((chart) => ({
          chart,
          slug: uniqueSlug(`${part.benchmark.name} ${chart.title}`, slugs),
        })),
      })),
      elsewhere: [...new Set(elsewhere.map(({ benchmark }) => benchmark.name))],
    }
  }).filter(({ parts, elsewhere }) => parts.length + elsewhere.length > 0)
}

/** Measured again since, on the same machine and in the same lengths. */
function isSuperseded({ report }: NamedReport, name: string, reports: readonly NamedReport[]): boolean {
  const conditions = conditionsOf(report)
  return reports.some(
    ({ report: other }) =>
      Date.parse(other.time) > Date.parse(report.time) &&
      conditionsOf(other) === conditions &&
      other.benchmarks.some((benchmark) => benchmark.name === name && benchmark.failed === undefined),
  )
}

const conditionsOf = ({ machine: { loadAverage: _, ...machine }, settings }: Report): string =>
  JSON.stringify([machine, settings])

const LONGEST = 64

function uniqueSlug(text: string, taken: Set<string>): string {
  const base = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replace(/^-|-$/g, '')
  let slug = base
  for (let number = 2; taken.has(slug); number++) slug = `${base}-${number}`
  taken.add(slug)
  return slug
}
