import { type Command, InvalidArgumentError, Option } from 'commander'
import { collectNames } from './arguments.js'
import { outputOf } from './output.js'

const HELP = `
On a terminal: drawn again each second until the run ends, or q, or Ctrl-C. The
run does not notice. Elsewhere, with --json, and for a run that has ended: as it
is now, once.

Rates are of the last ten seconds. The lines show each metric from its first
step to its last; "x" is a stretch with nothing but NaN and infinities.

Examples:
  offstep watch baseline
  offstep watch baseline --metric 'train/*' --interval 5
  offstep watch baseline --json | jq .rates

Exit code: 0 told; 2 wrong usage, or no such run; 130 ended by Ctrl-C.`

/** What commander makes of the options of `offstep watch`. */
export interface WatchOptions {
  readonly metric?: readonly string[]
  /** Seconds. */
  readonly interval: number
}

export function registerWatch(program: Command): void {
  program
    .command('watch')
    .summary('a live view of a run: values, rates, sinks, machine')
    .description('Shows a run while it lives.')
    .argument('<run>', 'a run, by path, id, or the beginning of an id')
    .addOption(
      new Option('-m, --metric <names>', 'only these; * stands for anything (repeatable)').argParser(
        collectNames,
      ),
    )
    .addOption(new Option('--interval <seconds>', 'time between two looks').default(1).argParser(seconds))
    .addHelpText('after', HELP)
    .action(async (run: string, _options: WatchOptions, command: Command) => {
      const { watch } = await import('./watch/watch.js')
      const options = command.optsWithGlobals<WatchOptions & { dir?: string }>()
      process.exitCode = await watch(run, options, outputOf(command))
    })
}

function seconds(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !(number >= 0.1 && number <= 3600)) {
    throw new InvalidArgumentError('Give seconds, 0.1 to 3600.')
  }
  return number
}
