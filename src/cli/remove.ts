import type { Command } from 'commander'
import { outputOf } from './output.js'

const REMOVE_HELP = `
What is removed cannot be brought back: the journal, and all made of it.
What was uploaded (to W&B, say) stays there. A run that lives is never removed.
On a terminal the question comes first; elsewhere --yes is needed.

Examples:
  offstep rm baseline_20260102_030405_0123abcd
  offstep rm --filter 'status = crashed and rows < 10' --yes

Exit code: 0 removed; 1 not removed; 2 wrong usage, or no such run.`

const ARCHIVE_HELP = `
Each run becomes <project>/<id>.tar.gz, read back before the run is removed from
its place; --keep leaves the run there too. To bring one back:
  tar xzf archive/<project>/<id>.tar.gz -C runs/<project>

Examples:
  offstep archive --filter 'startTime < 2026-01-01' --out archive
  offstep archive baseline --keep

Exit code: 0 archived; 1 not archived; 2 wrong usage, or no such run.`

/** What commander makes of the options of `offstep rm` and `offstep archive`. */
export interface RemoveCommandOptions {
  readonly filter?: string
  readonly project?: string
  readonly yes?: boolean
  readonly out?: string
  readonly keep?: boolean
}

export function registerRemove(program: Command): void {
  common(program.command('rm'))
    .summary('remove runs for good')
    .description('Removes the directories of runs.')
    .addHelpText('after', REMOVE_HELP)
    .action(async (runs: readonly string[], _options: RemoveCommandOptions, command: Command) => {
      const { removeCommand } = await import('./remove/remove.js')
      const options = command.optsWithGlobals<RemoveCommandOptions & { dir?: string }>()
      process.exitCode = await removeCommand(runs, options, outputOf(command))
    })
  common(program.command('archive'))
    .summary('pack runs as .tar.gz, and remove them from their place')
    .description('Packs the directories of runs.')
    .option('-o, --out <directory>', 'where the archives go (default: archive)')
    .option('-k, --keep', 'leave the runs where they are')
    .addHelpText('after', ARCHIVE_HELP)
    .action(async (runs: readonly string[], _options: RemoveCommandOptions, command: Command) => {
      const { archiveCommand } = await import('./remove/archive.js')
      const options = command.optsWithGlobals<RemoveCommandOptions & { dir?: string }>()
      process.exitCode = await archiveCommand(runs, options, outputOf(command))
    })
}

const common = (command: Command): Command =>
  command
    .argument('[run...]', 'runs, by path, id, or the beginning of an id')
    .option('-f, --filter <expression>', 'all runs for which this holds (see: offstep list --help)')
    .option('-p, --project <name>', 'all runs of this project')
    .option('-y, --yes', 'do not ask')
