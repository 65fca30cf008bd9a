import { verdict } from '../../benchmark.js'
import { chartTable } from '../chart-table.js'
import { measuredText, NOTHING, ofTargetText, targetText } from '../numbers.js'
import type { BenchmarkReport } from '../report.js'
import { introOf, machineOf } from './intro.js'
import { lossesOf, missesOf } from './losses.js'
import { details, list, markdownTable, picture, plain } from './markdown.js'
import type { NamedReport, Part, Section } from './sections.js'

/** docs/benchmarks.md. `images`: the directory of the charts, as the page links to it. */
export function pageOf(
  reports: readonly NamedReport[],
  sections: readonly Section[],
  images: string,
): string {
  const several = reports.length > 1
  const parts = sections.flatMap((section) => section.parts)
  const where = ({ source }: Part) => (several ? ` (${plain(source.name)})` : '')
  const misses = parts.flatMap((part) => missLines(part.benchmark).map((line) => `${line}${where(part)}`))
  const losses = parts.flatMap((part) => lossLines(part).map((line) => `${line}${where(part)}`))
  const lines = [
    '# Benchmarks',
    introOf(reports),
    '## Where we miss our targets',
    list(misses, 'Nowhere in this measurement.'),
    '## Where a peer is better',
    list(losses, 'In none of the charts below that have peers.'),
    ...sections.flatMap((section) => sectionLines(section, several, images)),
  ]
  return `${lines.join('\n\n')}\n`
}

const missLines = (benchmark: BenchmarkReport): string[] => [
  ...(benchmark.failed === undefined ? [] : [`\`${benchmark.name}\` failed: ${plain(benchmark.failed)}`]),
  ...missesOf(benchmark).map((figure) => {
    const note = figure.note === undefined ? '' : `; ${plain(figure.note)}`
    const measured = `${plain(measuredText(figure))}, target ${plain(targetText(figure))}`
    return `\`${benchmark.name}\` ${plain(figure.name)}: ${measured}${note}`
  }),
]

const lossLines = ({ benchmark, charts }: Part): string[] =>
  charts
    .flatMap(({ chart }) => lossesOf(chart))
    .map(
      ({ what, ours, peers }) =>
        `\`${benchmark.name}\` ${plain(what)}: ${plain(ours)}; better are ${plain(peers.join('; '))}`,
    )

function sectionLines({ scope, parts, elsewhere }: Section, several: boolean, images: string): string[] {
  const title = `${scope[0]!.toUpperCase()}${scope.slice(1)}`.replace('-', ' ')
  const links = elsewhere.map((name) => `[${name}](#${name})`).join(', ')
  return [
    `## ${title}`,
    ...(elsewhere.length === 0 ? [] : [`See also ${links}.`]),
    ...parts.flatMap((part, index) => {
      const isFirst = parts[index - 1]?.benchmark.name !== part.benchmark.name
      return partLines(part, isFirst, several, images)
    }),
  ]
}

/** The heading stands once, above what all reports have of the benchmark. */
function partLines(
  { source, benchmark, charts }: Part,
  isFirst: boolean,
  several: boolean,
  images: string,
): string[] {
  const { name, about, figures, failed } = benchmark
  return [
    ...(isFirst ? [`### ${name}`, `${plain(capital(about))}.`] : []),
    ...(several ? [`On ${machineOf(source.report)} (${plain(source.name)}):`] : []),
    ...(failed === undefined ? [] : [`It failed: ${plain(failed)}`]),
    ...(figures.length === 0 ? [] : [figureTable(benchmark)]),
    ...charts.flatMap(({ chart, slug }) => {
      const { head, rows } = chartTable(chart)
      const columns = head.map((text, index) => `${index === 0 ? '' : '>'}${plain(text)}`)
      const numbers = markdownTable(
        columns,
        rows.map((row) => row.map(plain)),
      )
      return [
        picture(`${images}/${slug}`, chart.title),
        ...(chart.note === undefined ? [] : [plain(chart.note)]),
        details('the numbers', numbers),
      ]
    }),
  ]
}

function figureTable({ figures }: BenchmarkReport): string {
  const rows = figures.map((figure) => [
    plain(figure.name),
    plain(measuredText(figure)),
    plain(targetText(figure)),
    ofTargetText(figure),
    verdict(figure) === 'miss' ? '**miss**' : verdict(figure),
    plain(figure.note ?? ''),
  ])
  return markdownTable(['figure', '>measured', '>target', '>of target', 'verdict', 'note'], rows)
}

const capital = (text: string): string => `${text[0]?.toUpperCase() ?? NOTHING}${text.slice(1)}`
