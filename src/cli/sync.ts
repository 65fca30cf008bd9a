import { type Command, InvalidArgumentError, Option } from 'commander'
import { outputOf } from './output.js'

const HELP = `
A run is given by its path, its id, or the beginning of it. Without one, all
runs below the directory are completed that have something pending or whose
process has died. A run that was logged with W&B offline is uploaded, and its
address told. A run whose process lives is left alone. Stopping is safe at any
moment, also by kill -9: the next sync goes on where this one stopped.

Examples:
  offstep sync                            complete what is pending
  offstep sync baseline --sink csv        fill metrics.csv from the first record
  offstep sync --all --sink tensorboard   give every run TensorBoard files
  offstep sync --all --sink '{"module": "./my-sink.js", "name": "mine"}'
  offstep sync baseline --sink wandb      only to W&B, also a run without it
  offstep sync --watch --dir /mnt/runs    go on for ever

Exit code: 0 all is delivered; 1 something is still pending, or one of several
names means no run; 2 wrong usage, or no such run; 130 interrupted.`

/** What commander makes of the options of `offstep sync`. */
export interface SyncOptions {
  readonly all?: boolean
  readonly watch?: boolean
  readonly sink?: readonly string[]
  /** Upload runs that are offline at W&B. */
  readonly upload: boolean
  readonly retries: number
  /** Seconds. */
  readonly interval: number
}

export function registerSync(program: Command): void {
  program
    .command('sync')
    .summary('deliver what is pending, and complete runs that died')
    .description(
      'Delivers what is pending, completes runs that died, and fills sinks that a run did not have.',
    )
    .argument('[run...]', 'runs, by path, id, or the beginning of an id')
    .option('-a, --all', 'every run, also those that are complete')
    .option('-w, --watch', 'go on: look again, deliver what appears, until Ctrl-C')
    .addOption(
      new Option(
        '-s, --sink <name>',
        'only this sink; a new one is filled from the first record (repeatable)',
      ).argParser(collect),
    )
    .option('--no-upload', 'leave offline what was logged with W&B offline')
    .addOption(
      new Option('--retries <n>', 'failures in a row of a sink before it is left for later')
        .default(5)
        .argParser(wholeNumber),
    )
    .addOption(
      new Option('--interval <seconds>', 'with --watch: how often to look')
        .default(5)
        .argParser(positiveNumber),
    )
    .addHelpText('after', HELP)
    .action(async (runs: string[], _options: SyncOptions, command: Command) => {
      const { sync } = await import('./sync/sync.js')
      process.exitCode = await sync(
        runs,
        command.optsWithGlobals<SyncOptions & { dir?: string }>(),
        outputOf(command),
      )
    })
}

/** Names may stand in one value with commas between; a JSON object has commas of its own. */
function collect(value: string, before: readonly string[] = []): string[] {
  const names = value.trimStart().startsWith('{') ? [value] : value.split(',').map((name) => name.trim())
  return [...before, ...names]
}

function wholeNumber(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !Number.isSafeInteger(number) || number < 0) {
    throw new InvalidArgumentError('Give a whole number, 0 or more.')
  }
  return number
}

function positiveNumber(value: string): number {
  const number = Number(value)
  if (!(number > 0) || number > 86_400) throw new InvalidArgumentError('Give seconds, more than 0.')
  return number
}
