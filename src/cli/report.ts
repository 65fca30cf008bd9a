import type { Command } from 'commander'
import { outputOf } from './output.js'

const HELP = `
One run: report.md, report.html and plots/ in its directory. Several runs: a
comparison, below the directory reports/; name the baseline first. --project:
EXPERIMENTS.md in the project's directory, a row for each run.

Observations that you write into report.md, between the markers, and your notes
in EXPERIMENTS.md stay when the files are written again. Where you have changed
another part of a report, the old file is kept beside it (report.old.md).

Examples:
  offstep report baseline
  offstep report baseline lr-high lr-low --out ../paper/learning-rates
  offstep report --project tinystories

Exit code: 0 written; 1 a plot could not be drawn, or a run cannot be read (the
rest is written); 2 wrong usage, or no such run.`

/** What commander makes of the options of `offstep report`. */
export interface ReportCommandOptions {
  readonly project?: string
  readonly out?: string
}

export function registerReport(program: Command): void {
  program
    .command('report')
    .summary('a report of a run, of several, or the log of a project')
    .description('Writes what people read: reports in Markdown and HTML, and EXPERIMENTS.md.')
    .argument('[run...]', 'runs, by path, id, or the beginning of an id')
    .option('-p, --project <name>', 'the log of all runs of a project')
    .option('-o, --out <dir>', 'where the files are written')
    .addHelpText('after', HELP)
    .action(async (runs: string[], _options: ReportCommandOptions, command: Command) => {
      const { report } = await import('./report/report.js')
      const options = command.optsWithGlobals<ReportCommandOptions & { dir?: string }>()
      process.exitCode = await report(runs, options, outputOf(command))
    })
}
