import type { Command } from 'commander'
import { outputOf } from './output.js'

const HELP = `
A path is a file or a directory:
  *tfevents*     TensorBoard: each directory with event files becomes a run
  *.wandb        W&B: offline runs, and what online runs left on the disk
  *.csv, *.tsv   a column per metric, by name of the file only. The step is the
                 column step, global_step, iteration or epoch, else the number
                 of the row; the time is timestamp, wall_time, time or date

A directory is searched at any depth. Each run becomes a run directory like any
other: list, compare, plot, export and query know it. The same content is not
imported twice, whatever its path: a file that has grown since is another run.
Damaged and torn records are left out, and counted.

Examples:
  offstep import logs/
  offstep import wandb/offline-run-*/ --project old
  offstep import results.csv --name baseline-2024

Exit code: 0 imported, or there already; 1 some of it could not be; 2 wrong
usage.`

/** What commander makes of the options of `offstep import`. */
export interface ImportCommandOptions {
  readonly project?: string
  readonly name?: string
}

export function registerImport(program: Command): void {
  program
    .command('import')
    .summary('make runs of TensorBoard, W&B and CSV files')
    .description('Imports old runs, so that they can be compared with new ones.')
    .argument('<path...>', 'event files, .wandb files, CSV files, or directories')
    .option('-p, --project <name>', 'the project (default: what the files say, else "imported")')
    .option('--name <name>', 'the name of the run, where there is only one')
    .addHelpText('after', HELP)
    .action(async (paths: readonly string[], _options: ImportCommandOptions, command: Command) => {
      const { importCommand } = await import('./import/import.js')
      const options = command.optsWithGlobals<ImportCommandOptions & { dir?: string }>()
      process.exitCode = await importCommand(paths, options, outputOf(command))
    })
}
