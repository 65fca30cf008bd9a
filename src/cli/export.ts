import { type Command, InvalidArgumentError, Option } from 'commander'
import { collectNames } from './arguments.js'
import { outputOf } from './output.js'

const HELP = `
The long table has a row per value: run, producer, step, time, name, value. The
wide one has a row per step and producer: run, producer, step, time, and a
column per metric, sorted by name. Times are milliseconds since the epoch.

CSV and JSON Lines go to stdout without --out; Parquet needs a file. Values are
exact; in JSON, NaN and infinities are strings, and in Parquet a bigint beyond
2^53 is the nearest double. Images and other media are no part of it.

Examples:
  offstep export baseline --format csv > baseline.csv
  offstep export --filter 'config.lr < 1e-3' --format parquet --out lr.parquet
  offstep export baseline --wide --metric loss --metric lr --from 1000 --to 2000
  duckdb -c "select name, min(value) from 'lr.parquet' group by name"

Exit code: 0 exported; 1 the file cannot be written; 2 wrong usage, or no such
run.`

/** What commander makes of the options of `offstep export`. */
export interface ExportCommandOptions {
  readonly filter?: string
  readonly project?: string
  readonly format?: 'csv' | 'jsonl' | 'parquet'
  readonly wide?: boolean
  readonly long?: boolean
  readonly out?: string
  readonly metric?: readonly string[]
  readonly from?: number
  readonly to?: number
}

export function registerExport(program: Command): void {
  program
    .command('export')
    .summary('write the metrics of runs as CSV, JSON Lines or Parquet')
    .description('Writes the metrics of one run, or of many, to one table.')
    .argument('[run...]', 'runs, by path, id, or the beginning of an id')
    .option('-f, --filter <expression>', 'all runs for which this holds (see: offstep list --help)')
    .option('-p, --project <name>', 'all runs of this project')
    .addOption(
      new Option('-F, --format <format>', 'the format (default: that of --out, else csv)').choices([
        'csv',
        'jsonl',
        'parquet',
      ]),
    )
    .option('--long', 'a row per value (default)')
    .addOption(new Option('--wide', 'a row per step, with a column per metric').conflicts('long'))
    .option('-o, --out <file>', 'write to this file; what is there is replaced')
    .addOption(
      new Option('-m, --metric <name>', 'only this metric (repeatable, or with commas between)').argParser(
        collectNames,
      ),
    )
    .addOption(new Option('--from <step>', 'only from this step on').argParser(step))
    .addOption(new Option('--to <step>', 'only up to this step').argParser(step))
    .addHelpText('after', HELP)
    .action(async (runs: readonly string[], _options: ExportCommandOptions, command: Command) => {
      const { exportCommand } = await import('./export/export.js')
      const options = command.optsWithGlobals<ExportCommandOptions & { dir?: string }>()
      process.exitCode = await exportCommand(runs, options, outputOf(command))
    })
}

function step(value: string): number {
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('Give a number.')
  return number
}
