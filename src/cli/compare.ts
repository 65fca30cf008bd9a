import { type Command, Option } from 'commander'
import { collectNames } from './arguments.js'
import { outputOf } from './output.js'

const HELP = `
Parameters are shown where they differ. Of each metric of which it is known
which way it gets better, the best value of each run is shown and its last one;
the best of all runs is marked with *. The first run is what others are
compared with, so name the baseline first.

Examples:
  offstep compare baseline lr-high lr-low
  offstep compare baseline lr-high --metric val/loss,val/accuracy
  offstep compare baseline lr-high --all --json

Exit code: 0 compared; 1 no run has such a metric; 2 wrong usage, or no such
run.`

/** What commander makes of the options of `offstep compare`. */
export interface CompareOptions {
  readonly metric?: readonly string[]
  readonly all?: boolean
}

export function registerCompare(program: Command): void {
  program
    .command('compare')
    .summary('where the config of runs differs, and which is best')
    .description('Shows in what runs differ, and which of them is best.')
    .argument('<run...>', 'two runs or more, by path, id, or the beginning of an id')
    .addOption(
      new Option('-m, --metric <names>', 'only these; * stands for anything (repeatable)').argParser(
        collectNames,
      ),
    )
    .option('-a, --all', 'also parameters that are equal, and all metrics')
    .addHelpText('after', HELP)
    .action(async (runs: string[], _options: CompareOptions, command: Command) => {
      const { compare } = await import('./compare/compare.js')
      const options = command.optsWithGlobals<CompareOptions & { dir?: string }>()
      process.exitCode = compare(runs, options, outputOf(command))
    })
}
