import type { Command } from 'commander'
import { outputOf } from './output.js'

const HELP = `
A run is given by its path, its id, or the beginning of it.

Examples:
  offstep show baseline
  offstep show baseline --json | jq .config

Exit code: 0 shown; 2 wrong usage, or no such run.`

export function registerShow(program: Command): void {
  program
    .command('show')
    .summary('show a run: config, git, machine, sinks, files, values')
    .description('Shows what is known of a run.')
    .argument('<run>', 'a run, by path, id, or the beginning of an id')
    .addHelpText('after', HELP)
    .action(async (run: string, _options: object, command: Command) => {
      const { show } = await import('./show/show.js')
      process.exitCode = show(run, command.optsWithGlobals<{ dir?: string }>(), outputOf(command))
    })
}
