import type { Report } from '../report.js'
import { list, plain } from './markdown.js'
import type { NamedReport } from './sections.js'

const HOW = `What stays on the training step, what is done off it, and what others cost that do the same work: measured, not
claimed. All of it is made by

    npm run bench -- all --json bench/results/NAME.json       # measures; needs an idle machine
    npm run bench -- document bench/results/NAME.json         # writes this page and its charts

in a clone. The first command sets up what is missing, peers too. What each benchmark does, and how to
compare two versions of the code: [bench/README.md](../bench/README.md).`

const READING = `How to read it:

- Ratios were taken within one run, what is compared in turns; trust them more than nanoseconds, which are this machine's.
- A busy machine shows in the tails first: p99.9 and the maximum are the machine's as well as ours.
- *of target* is the measured value divided by the target, *ok* says that the target is met, *miss* that it is not. A figure
  without target is there to explain the others.
- ${'`–`'} stands for what could not be measured; the note says why.
- What we lose is printed like what we win; the next two lists are made from the figures, not by hand.`

/** How to repeat it, on what it was measured, and how to read it. */
export const introOf = (reports: readonly NamedReport[]): string =>
  [
    HOW,
    list(
      reports.map((report) => measuredOn(report, reports.length > 1)),
      '',
    ),
    READING,
  ].join('\n\n')

/** The machine, in words. */
export function machineOf({ machine }: Report): string {
  const { cpu, cores, memoryGiB, fileSystem, os, node } = machine
  const disk = fileSystem === null ? '' : `, runs on ${fileSystem}`
  return plain(`${cpu}, ${cores} cores, ${memoryGiB} GiB${disk}, ${os}, Node ${node}`)
}

function measuredOn({ name, report }: NamedReport, several: boolean): string {
  const { time, code, settings, machine, benchmarks } = report
  const commit = code.commit === null ? 'no commit' : `commit ${code.commit.slice(0, 7)}`
  const changed = code.modified ? ', with changes that are not in it' : ''
  const loads = benchmarks.map(({ loadBefore }) => loadBefore)
  const load = `load ${machine.loadAverage.toFixed(1)} at the start, at most ${Math.max(0, ...loads).toFixed(1)} before a benchmark`
  const quick = settings.quick
    ? ' **A run of --quick: it shows that the suite runs, not what it measures.**'
    : ''
  const minutes = Math.ceil(benchmarks.reduce((sum, { seconds }) => sum + seconds, 0) / 60)
  return `${several ? `**${plain(name)}**: ` : ''}Measured on ${time.slice(0, 10)}, ${commit}${changed}, in ${minutes} min, on
  ${machineOf(report)}; ${load}.${quick}`
}
