import { type Command, Option } from 'commander'
import { collectNames, wholeNumber } from './arguments.js'
import { outputOf } from './output.js'

const HELP = `
Each line is a log call: the time, the step, and its metrics. With --follow it
goes on with what comes, until the run ends, or Ctrl-C.

Examples:
  offstep tail baseline
  offstep tail baseline -f -n 5 --metric train/loss
  offstep tail baseline -f --json | jq .values.loss

Exit code: 0 told; 2 wrong usage, or no such run; 130 ended by Ctrl-C.`

/** What commander makes of the options of `offstep tail`. */
export interface TailOptions {
  readonly follow?: boolean
  readonly rows: number
  readonly metric?: readonly string[]
}

export function registerTail(program: Command): void {
  program
    .command('tail')
    .summary('the last rows of a run, and those that come')
    .description('Prints the last rows of a run, also while it lives.')
    .argument('<run>', 'a run, by path, id, or the beginning of an id')
    .option('-f, --follow', 'go on with what comes, until the run ends')
    .addOption(new Option('-n, --rows <n>', 'so many rows').default(20).argParser(wholeNumber))
    .addOption(
      new Option('-m, --metric <names>', 'only rows and values of these (repeatable)').argParser(
        collectNames,
      ),
    )
    .addHelpText('after', HELP)
    .action(async (run: string, _options: TailOptions, command: Command) => {
      const { tail } = await import('./tail/tail.js')
      const options = command.optsWithGlobals<TailOptions & { dir?: string }>()
      process.exitCode = await tail(run, options, outputOf(command))
    })
}
