import { type Command, Option } from 'commander'
import { collectNames, wholeNumber } from './arguments.js'
import { outputOf } from './output.js'

const HELP = `
--filter takes an expression; --sort and --columns take the same names:
  id name project status tag group notes jobType startTime endTime duration
  rows step resumes exitCode host user url dir
  config.<name>           a parameter: config.lr, config.optimizer.name
  summary.<metric>        its last value; also .first .min .max .mean .best
  git.commit git.branch git.dirty git.remote
A name that is not one word stands in quotes: summary."val loss".min

Examples:
  offstep list
  offstep list --filter 'config.lr < 1e-3 and summary."val/loss".min < 2'
  offstep list --filter 'status = failed or tag = baseline' --limit 20
  offstep list --filter 'name ~ "^lr-" and startTime >= 2026-11-20'
  offstep list --sort 'summary."val/loss".min' --columns id,config.lr,best
  offstep list --json | jq '.[].id'

Exit code: 0 listed; 2 wrong usage, or no such directory.`

/** What commander makes of the options of `offstep list`. */
export interface ListOptions {
  readonly filter?: string
  readonly sort?: string
  readonly limit?: number
  readonly project?: string
  readonly columns?: readonly string[]
}

export function registerList(program: Command): void {
  program
    .command('list')
    .alias('ls')
    .summary('list runs, filtered and sorted')
    .description('Lists the runs below the directory, the newest first.')
    .option('-f, --filter <expression>', 'only runs for which this holds')
    .option('-s, --sort <name>', 'sort by this; -name the other way round (default: -startTime)')
    .addOption(new Option('-n, --limit <n>', 'at most so many').argParser(wholeNumber))
    .option('-p, --project <name>', 'only runs of this project')
    .addOption(
      new Option('-c, --columns <names>', 'what to show, with commas between').argParser(collectNames),
    )
    .addHelpText('after', HELP)
    .action(async (_options: ListOptions, command: Command) => {
      const { list } = await import('./list/list.js')
      process.exitCode = list(command.optsWithGlobals<ListOptions & { dir?: string }>(), outputOf(command))
    })
}
