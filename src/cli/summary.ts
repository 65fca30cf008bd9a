import { type Command, Option } from 'commander'
import { collectNames } from './arguments.js'
import { outputOf } from './output.js'

const HELP = `
A run is given by its path, its id, or the beginning of it. What the journal
has beyond summary.json is read too, so that a live run, and one that crashed,
are told as far as they have come. Best: where the name of a metric says which
way it gets better (loss, accuracy), or init({ goals }) did.

Examples:
  offstep summary baseline
  offstep summary baseline --metric train/loss,val/loss
  offstep summary baseline --metric 'val/*' --json

Exit code: 0 told; 1 the run has no such metric; 2 wrong usage, or no such run.`

/** What commander makes of the options of `offstep summary`. */
export interface SummaryCommandOptions {
  readonly metric?: readonly string[]
  readonly all?: boolean
}

export function registerSummary(program: Command): void {
  program
    .command('summary')
    .summary('what each metric came to: first, last, min, max, mean, best')
    .description('Tells what each metric of a run came to.')
    .argument('<run>', 'a run, by path, id, or the beginning of an id')
    .addOption(
      new Option('-m, --metric <names>', 'only these; * stands for anything (repeatable)').argParser(
        collectNames,
      ),
    )
    .option('-a, --all', 'all metrics, however many there are')
    .addHelpText('after', HELP)
    .action(async (run: string, _options: SummaryCommandOptions, command: Command) => {
      const { summary } = await import('./summary/summary.js')
      const options = command.optsWithGlobals<SummaryCommandOptions & { dir?: string }>()
      process.exitCode = summary(run, options, outputOf(command))
    })
}
